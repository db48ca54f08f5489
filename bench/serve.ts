/** @file Our side's process: `serve.ts NAME PARAMETERS` prepares `own` of NAME.bench.ts and runs it on demand. */

import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { native } from "../src/tensor/index.ts";
import { profile } from "../src/tensor/profile.ts";

/** What a bench file exports for our side: prepares once, and returns what is timed. */
export type Own = (parameters: never) => (iterations: number) => void | Promise<void>;

const [name, text = "{}"] = process.argv.slice(2);
const parameters = JSON.parse(text) as { threads: number };
native().setThreads(parameters.threads);
const { own } = (await import(`./${name}.bench.ts`)) as { own: (parameters: object) => ReturnType<Own> };
const run = own(parameters);

function memory(): { resident: number; peak: number } {
  const status = readFileSync("/proc/self/status", "utf8");
  const bytes = (field: string) => 1024 * Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)?.[1]);
  return { resident: bytes("VmRSS"), peak: bytes("VmHWM") };
}

async function answer(request: { run?: number; memory?: boolean; profile?: boolean }): Promise<object> {
  if (request.memory) return memory();
  if (request.profile) return { operators: profile(() => run(1)) };
  if (request.run === undefined) return {};
  globalThis.gc?.();
  const start = performance.now();
  await run(request.run);
  return { seconds: (performance.now() - start) / 1000 };
}

for await (const line of createInterface({ input: process.stdin }))
  process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line)))}\n`);
