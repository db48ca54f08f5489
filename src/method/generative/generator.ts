/** @file VAE, DCGAN and SNGAN as what draws images: from noise. */

import { random } from "../../tensor/index.ts";
import { freeCheckpoint } from "../../train/checkpoint.ts";
import { openRunOf } from "../load-run.ts";
import type { OpenGenerator } from "../views.ts";
import { drawImages, restoreGenerative, SIDE } from "./run.ts";

/** Opens a comparator's run on the CPU. */
export const openFromNoise: OpenGenerator = async (folder, { checkpoint: which, count, seed }) => {
  const { recipe, checkpoint } = openRunOf(folder, which, ["generative"], "fidelity");
  try {
    const players = restoreGenerative(recipe, checkpoint, "cpu");
    const draws = random(seed).at("fidelity");
    return {
      imageSize: SIDE,
      draw: async () => drawImages(players, recipe.model.features, count, draws),
      [Symbol.dispose]: () => players.dispose(),
    };
  } finally {
    freeCheckpoint(checkpoint);
  }
};
