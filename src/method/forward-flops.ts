/** @file What a run's network computes of one sample. */

import { talk } from "../base/talk.ts";
import { countFlops } from "../measure/flops.ts";
import { random, scope, UsageError } from "../tensor/index.ts";
import { freeCheckpoint } from "../train/checkpoint.ts";
import { openRun } from "./load-run.ts";
import { type NetworkOf, randomInputs } from "./network.ts";
import type { Recipe } from "./recipe.ts";
import { methodEntry } from "./registry.ts";

/**
 * Floating-point operations of the forward pass of one sample (an image, a sequence of tokens) in the network of a run's
 * best checkpoint: two for each multiplication with its addition, in products, convolutions and attention. What depends on
 * weights alone is left out: it is computed once for all samples. A training step takes about three times as many for each
 * of its images: forward, and the gradients of inputs and of weights.
 *
 * @returns nothing where the run's method has no network, or one with products that are not counted, which one line says
 * @throws {CheckpointError} no checkpoint, or a damaged one
 */
export async function forwardFlops(folder: string): Promise<number | undefined> {
  const { recipe, checkpoint } = openRun(folder, "best");
  try {
    const load = methodEntry(recipe.method.name).network;
    if (load === undefined) return undefined;
    using network = await ((await load()) as NetworkOf<Recipe>)(recipe, { folder, checkpoint });
    return scope(() => {
      const inputs = randomInputs(network.inputs, 1, random(0));
      return unlessUncounted(() => countFlops(inputs, () => network.run(...inputs)).perInput);
    });
  } finally {
    freeCheckpoint(checkpoint);
  }
}

function unlessUncounted(count: () => number): number | undefined {
  try {
    return count();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    talk(`no FLOP of a sample: ${error.message}`);
    return undefined;
  }
}
