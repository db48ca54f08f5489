/** @file This program in a process of its own, which answers in JSON. */

import { spawn } from "node:child_process";
import { constants } from "node:os";
import { environmentLayers } from "../method/environment.ts";
import type { Ended } from "../sweep/index.ts";

/**
 * Runs a command line of vitrine to its end.
 * @typeParam T what it prints with --json
 * Its stderr is ours; SIGTERM and SIGHUP are passed on, ctrl-C comes from the
 * terminal. A signal that ends it gives the code 128 and its number. Variables that set keys of recipes are left out: they are in the recipe that it is given.
 */
export function ownProgram<T>(args: readonly string[]): Promise<Ended<T>> {
  const variables = environmentLayers(process.env).map(({ origin }) => origin);
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !variables.includes(name)));
  const program = [...process.execArgv, process.argv[1] ?? "", ...args];
  const child = spawn(process.execPath, program, { env, stdio: ["ignore", "pipe", "inherit"] });
  const chunks: Buffer[] = [];
  child.stdout.on("data", (bytes: Buffer) => chunks.push(bytes));
  const signals = ["SIGTERM", "SIGHUP"] as const;
  const pass = (signal: NodeJS.Signals) => void child.kill(signal);
  const wait = () => {}; // the child saves and ends; we say what there is then
  for (const signal of signals) process.on(signal, pass);
  process.on("SIGINT", wait);
  return new Promise<Ended<T>>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (exit, signal) => {
      const code = exit ?? 128 + constants.signals[signal!];
      if (code !== 0) return resolve({ code });
      return resolve({ code: 0, said: JSON.parse(Buffer.concat(chunks).toString("utf8")) as T });
    });
  }).finally(() => {
    for (const signal of signals) process.off(signal, pass);
    process.off("SIGINT", wait);
  });
}
