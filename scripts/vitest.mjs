/** @file Runs vitest and counts. */

import { existsSync, readFileSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { root } from "./place.mjs";
import { show } from "./run.mjs";

/** Runs the tests that `args` choose; { passed, failed, skipped, failures }, with the report in build/. */
export async function runTests(name, args, environment = {}) {
  const report = join(root, "build", name);
  rmSync(report, { force: true });
  const command = ["vitest", "run", "--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const status = await show("npx", [...command, ...args], { env: { ...process.env, ...environment } });
  if (!existsSync(report)) return { passed: 0, failed: 1, skipped: 0, failures: ["vitest left no report"] };
  const counts = JSON.parse(readFileSync(report, "utf8"));
  // a file that does not even load has no failed test of its own, nor has an error between tests
  const atLeast = counts.success && status === 0 ? 0 : Math.max(counts.numFailedTestSuites, 1);
  return {
    passed: counts.numPassedTests,
    failed: Math.max(counts.numFailedTests, atLeast),
    skipped: counts.numPendingTests,
    failures: counts.testResults.flatMap(failuresOf),
  };
}

/** What failed in a file, each with its first line: its tests, or the file where it did not load. */
function failuresOf({ name, status, message, assertionResults }) {
  const file = relative(root, name);
  const failed = assertionResults.filter((test) => test.status === "failed");
  if (status === "failed" && failed.length === 0) return [`${file}: ${firstLine(message)}`];
  return failed.map((test) => `${file} > ${test.fullName}: ${firstLine(test.failureMessages[0])}`);
}

const firstLine = (text = "") => text.split("\n")[0];
