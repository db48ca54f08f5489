/** @file Inside a comparator's run: the layers of its encoder or discriminator, the curves of its training. */

import type { Figure } from "../../chart/index.ts";
import { SYMMETRIC } from "../../evaluate/features.ts";
import { inspectImages } from "../../measure/inspect-images.ts";
import { describeModel } from "../../measure/make-report.ts";
import { writeFindings } from "../findings.ts";
import { curves } from "../inspect-features.ts";
import { openRunOf } from "../load-run.ts";
import type { InspectRun } from "../run-types.ts";
import { withImages } from "../with-images.ts";
import { buildPlayers, restoreGenerative, SIDE } from "./run.ts";

/** Measures a VAE's encoder or a GAN's discriminator. What they draw is `vitrine sample`'s. */
export const inspectGenerative: InspectRun = async (folder, options) => {
  const run = openRunOf(folder, options.checkpoint, ["generative"], "inspecting a comparator");
  const { recipe, checkpoint } = run;
  return await withImages(run, options, SIDE, async ({ source, places, data }) => {
    using players = restoreGenerative(recipe, checkpoint, "cpu");
    using fresh = buildPlayers(recipe, source.channels, "cpu");
    const { encoder, decoder } = players.nets;
    const found = await inspectImages({
      ...{ before: { model: fresh.nets.encoder }, after: { model: encoder }, source, places },
      ...{ imageSize: SIDE, normalise: SYMMETRIC(source.channels) },
    });
    const names = {
      "train/loss": "loss",
      "train/discriminator": "discriminator",
      "train/generator": "generator",
    };
    const training = curves(folder, names, "Losses of the batches while training", "nats");
    const figures = new Map<string, Figure>(training === undefined ? [] : [["training", training]]);
    const model = describeModel(recipe.model.name, encoder, [decoder]);
    const about = { model, samples: source.count, data, figures };
    return writeFindings(folder, run, { ...about, ...found }, options);
  });
};
