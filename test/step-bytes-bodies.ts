/** @file What two processes send in a step of training, for `step-bytes.test.ts`. */

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { methodOf } from "../src/method/registry.ts";
import type { Group } from "../src/tensor/index.ts";
import { freeCheckpoint, loadCheckpoint } from "../src/train/checkpoint.ts";
import { quietly } from "./tiny.ts";
import { tinyRecipe } from "./tiny-methods.ts";

/** Bytes beside the gradients in a step of each. */
export const BESIDE: Readonly<Record<string, number>> = {
  supervised: 8 * 5,
  "supervised, averaged": 8 * 5,
  mae: 8 * 3,
  language: 8 * 3,
  "language, masked": 8 * (3 + 1),
};

/** Of each: bytes that a third step adds to a run of two, and its parameters. */
export async function steps(group: Group): Promise<Record<string, { bytes: number; parameters: number }>> {
  const found: Record<string, { bytes: number; parameters: number }> = {};
  for (const name of Object.keys(BESIDE)) {
    const recipe = tinyRecipe(name, process.env.WORDS!);
    const [two, three] = [2, 3].map((maxSteps) => ({
      maxSteps,
      folder: join(process.env.FOLDER!, `${name} ${maxSteps}`),
    }));
    const sent = async ({ maxSteps, folder }: { maxSteps: number; folder: string }) => {
      if (group.rank === 0) mkdirSync(folder);
      const before = group.bytes;
      const method = await methodOf(recipe);
      await method.train(recipe, { ...quietly(folder, { maxSteps }), device: "cpu", across: group });
      return group.bytes - before;
    };
    const before = await sent(two!);
    const bytes = (await sent(three!)) - before;
    await group.barrier(); // rank 0 has saved
    const checkpoint = loadCheckpoint(join(three!.folder, "checkpoints"), "last");
    const moments = [...checkpoint.optimizer].filter(([key]) => key.startsWith("exp_avg."));
    const parameters = moments.reduce((sum, [, moment]) => sum + moment.numel, 0);
    freeCheckpoint(checkpoint);
    found[name] = { bytes, parameters };
  }
  return found;
}
