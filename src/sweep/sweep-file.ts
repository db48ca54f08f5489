/** @file What a sweep is and how far it has come: `sweep.json` in its folder, written after every run. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { DataError } from "../base/errors.ts";
import { writeFileAtomic } from "../base/write-file.ts";

const number = z.number();

const run = z.strictObject({
  /** Its folder in the sweep's. */
  run: z.string(),
  seed: number,
  state: z.enum(["waiting", "done", "failed"]),
  /** Exit code of the run that failed. */
  code: number.exactOptional(),
  /** The figure of its best evaluation, by the validation split, and the score: the larger the better. */
  validation: number.exactOptional(),
  score: number.exactOptional(),
  /** The same figure of the same checkpoint on the test split; of the chosen setting alone. */
  test: number.exactOptional(),
  /** All numbers that `vitrine eval` gives that checkpoint on the test split. */
  scores: z.record(z.string(), number).exactOptional(),
  /**
   * R^c of each layer by the authors' estimator, nats, the mean over the validation split; of the chosen setting, and of
   * others where that was asked for. Empty where the model has no subspaces.
   */
  rates: z.array(number).exactOptional(),
  steps: number.exactOptional(),
  seconds: number.exactOptional(),
  processorSeconds: number.exactOptional(),
});

const setting = z.strictObject({
  /** Of its runs' folders, before their seeds. */
  name: z.string(),
  values: z.record(z.string(), z.unknown()),
  /** Epochs or steps that a budget gives it. */
  length: number.exactOptional(),
  parameters: number.exactOptional(),
  /** Of the forward pass of one sample, see `forwardFlops`; not there where they cannot be counted. */
  flops: number.exactOptional(),
  /** Why it is not run. */
  problem: z.string().exactOptional(),
  runs: z.array(run),
});

const budget = z.strictObject({
  steps: number.exactOptional(),
  processorSeconds: number.exactOptional(),
  parameters: number.exactOptional(),
});

const sweep = z.strictObject({
  format: z.literal("vitrine-sweep"),
  version: z.literal(1),
  /** The recipe that the settings are laid over, resolved. */
  recipe: z.looseObject({ name: z.string() }),
  budget,
  /** Name of the number that is compared, such as "top1". */
  figure: z.string().exactOptional(),
  settings: z.array(setting),
  /** Name of the setting with the best mean score, once all have run. */
  chosen: z.string().exactOptional(),
});

export type SweepRun = z.infer<typeof run>;
export type SweepSetting = z.infer<typeof setting>;
export type Budget = z.infer<typeof budget>;
export type Sweep = z.infer<typeof sweep>;

export const SWEEP_FILE = "sweep.json";

/** The sweep of a folder, if there is one. @throws {DataError} its file is damaged */
export function readSweep(folder: string): Sweep | undefined {
  const path = join(folder, SWEEP_FILE);
  if (!existsSync(path)) return undefined;
  try {
    return sweep.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch (cause) {
    throw new DataError(`${path}: expected what \`vitrine sweep\` writes, got another JSON file; remove it`, {
      path,
      cause,
    });
  }
}

/** @throws {DiskError} it cannot be written */
export const writeSweep = (folder: string, value: Sweep): void =>
  writeFileAtomic(join(folder, SWEEP_FILE), `${JSON.stringify(value, null, 2)}\n`);
