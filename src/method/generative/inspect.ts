/** @file Inside a comparator's run: the curves of its training. Its pictures are `vitrine sample`'s. */

import type { Figure } from "../../chart/index.ts";
import { freeCheckpoint } from "../../train/checkpoint.ts";
import { writeFindings } from "../findings.ts";
import { curves } from "../inspect-features.ts";
import { openRunOf } from "../load-run.ts";
import type { InspectRun } from "../run-types.ts";

/** What was noted while training. */
export const inspectGenerative: InspectRun = async (folder, options) => {
  const run = openRunOf(folder, options.checkpoint, ["generative"], "inspecting a comparator");
  try {
    const names = {
      "train/loss": "loss",
      "train/discriminator": "discriminator",
      "train/generator": "generator",
    };
    const training = curves(folder, names, "Losses of the batches while training", "nats");
    const figures = new Map<string, Figure>(training === undefined ? [] : [["training", training]]);
    const parameters = [...run.checkpoint.model.values()].reduce((sum, tensor) => sum + tensor.numel, 0);
    return writeFindings(folder, run, { numbers: { "numbers in the nets": parameters }, figures }, options);
  } finally {
    freeCheckpoint(run.checkpoint);
  }
};
