/** @file Inside a classifier: its layers measured beside the untrained ones, attention, accuracy. */

import type { Figure } from "../../chart/index.ts";
import { normalisation } from "../../data/index.ts";
import { inspectImages } from "../../measure/inspect-images.ts";
import { describeModel } from "../../measure/make-report.ts";
import { buildModel } from "../build.ts";
import { writeFindings } from "../findings.ts";
import { curves } from "../inspect-features.ts";
import { openRunOf } from "../load-run.ts";
import type { InspectRun } from "../run-types.ts";
import { withImages } from "../with-images.ts";
import { restoreModel } from "./load.ts";

/** Measures a checkpoint of a classifier beside the untrained weights of the same recipe and seed, on the CPU. */
export const inspectClassifier: InspectRun = async (folder, options) => {
  const run = openRunOf(folder, options.checkpoint, ["supervised"], "inspecting a classifier");
  const { recipe, checkpoint } = run;
  const { name, imageSize, patch } = recipe.model;
  return await withImages(run, options, imageSize, async ({ source, places, data }) => {
    using model = restoreModel(recipe, checkpoint);
    using untrained = buildModel(recipe, source);
    const found = await inspectImages({
      ...{ before: { model: untrained }, after: { model }, source, places, imageSize, patch },
      normalise: normalisation(source, recipe.data.normalise),
      classifier: true,
    });
    const training = curves(folder, { "train/loss": "training batches" }, "Loss", "nats");
    const figures = new Map<string, Figure>(training === undefined ? [] : [["training", training]]);
    const about = { model: describeModel(name, model), samples: source.count, data, figures };
    return writeFindings(folder, run, { ...about, ...found }, options);
  });
};
