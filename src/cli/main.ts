#!/usr/bin/env node
/** @file The entry: it loads the command line, or says in one line why the packages that it needs do not load. */
import { packageProblem } from "./package-problem.ts";

await import("./start.ts").catch((error: unknown) => {
  const problem = packageProblem(error);
  if (problem === undefined) throw error;
  console.error(`error: ${problem}`);
  process.exit(1);
});
