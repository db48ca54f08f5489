/** @file A process that saves checkpoints, to be killed at it: FOLDER FIRST LAST KEEP ELEMENTS. */

import { fileURLToPath } from "node:url";
import { full, scope } from "../src/tensor/index.ts";
import { saveCheckpoint } from "../src/train/checkpoint.ts";

/** Saves a step whose weights all say the step, as the best. */
export function saveStep(folder: string, step: number, keep: number, elements: number): string {
  return scope(() => {
    const tensors = () => new Map([["head.weight", full([elements], step)]]);
    const [model, optimizer, ema] = [tensors(), tensors(), tensors()];
    const snapshot = { config: { model: { name: "test" } }, model, optimizer, ema, state: { step } };
    return saveCheckpoint(folder, step, snapshot, { keep, best: true });
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [folder, ...numbers] = process.argv.slice(2);
  const [first, last, keep, elements] = numbers.map(Number) as [number, number, number, number];
  try {
    for (let step = first; step <= last; step++)
      process.stdout.write(`${saveStep(folder!, step, keep, elements)}\n`);
  } catch (error) {
    const { exitCode, message } = error as { exitCode?: number; message: string };
    process.stderr.write(`${message}\n`);
    process.exitCode = exitCode ?? 70;
  }
}
