/** @file Runs that two processes evaluate, for `train-across.test.ts`. */

import { join } from "node:path";
import { openRun } from "../src/method/load-run.ts";
import { methodOf } from "../src/method/registry.ts";
import { type Group, memory } from "../src/tensor/index.ts";
import { freeCheckpoint } from "../src/train/checkpoint.ts";

/** The scores of the last checkpoint of some runs, by name. */
export async function runs(group: Group): Promise<Record<string, object>> {
  const found: Record<string, object> = {};
  for (const name of JSON.parse(process.env.RUNS!) as string[]) {
    const folder = join(process.env.FOLDER!, name);
    const { recipe, checkpoint } = openRun(folder, "last");
    const trained = { folder, checkpoint, split: "test", device: "cpu", across: group } as const;
    const { numbers } = await (await methodOf(recipe)).evaluate(recipe, trained);
    freeCheckpoint(checkpoint);
    found[name] = numbers;
  }
  return { ...found, left: { tensors: memory().tensors } };
}
