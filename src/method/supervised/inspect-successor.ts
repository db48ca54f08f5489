/** @file Inside a classifier of CRATE's successors: CRATE-α, ToST, AoT. */

import { batches, normalisation } from "../../data/index.ts";
import { layerFigures, layerRows, type Measures, measureBlocks } from "../../measure/layers.ts";
import { Crate, ViT } from "../../model/index.ts";
import { freeCheckpoint } from "../../train/checkpoint.ts";
import { buildModel } from "../build.ts";
import { writeFindings } from "../findings.ts";
import { curves, someOf } from "../inspect-features.ts";
import { openRunOf } from "../load-run.ts";
import type { InspectRun } from "../run-types.ts";
import { restoreModel } from "./load.ts";

const AT_ONCE = 32;

/** Measures the layers on some images. */
export const inspectSuccessor: InspectRun = async (folder, options) => {
  const run = openRunOf(folder, options.checkpoint, ["supervised"], "inspecting a classifier");
  const { recipe, checkpoint } = run;
  try {
    const { imageSize } = recipe.model;
    const source = await someOf(recipe.data, options.split, options.samples, imageSize);
    try {
      using trained = restoreModel(recipe, checkpoint).eval();
      using untrained = buildModel(recipe, source).eval();
      const all: [Measures[], Measures[]] = [[], []];
      const counts: number[] = [];
      const normalise = normalisation(source, recipe.data.normalise);
      for await (const { images } of batches(source, { batchSize: AT_ONCE, normalise, imageSize })) {
        counts.push(images.size(0));
        [untrained, trained].forEach((model, i) => {
          if (!(model instanceof Crate || model instanceof ViT))
            all[i]!.push(measureBlocks(model, images, "tokens"));
        });
      }
      const [before, after] = all.map((parts) => meanOf(parts, counts)) as [Measures, Measures];
      const training = curves(folder, { "train/loss": "training batches" }, "Loss", "nats");
      const figures = layerFigures(before, after);
      if (training !== undefined) figures.set("training", training);
      const numbers = { images: source.count };
      return writeFindings(folder, run, { numbers, rows: layerRows(before, after), figures }, options);
    } finally {
      await source.close();
    }
  } finally {
    freeCheckpoint(checkpoint);
  }
};

/** Means over batches of several sizes. */
function meanOf(parts: readonly Measures[], counts: readonly number[]): Measures {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return parts[0]!.map((layer, l) =>
    Object.fromEntries(
      (Object.keys(layer) as (keyof typeof layer)[]).map((name) => [
        name,
        parts.reduce((sum, part, i) => sum + (part[l]![name]! * counts[i]!) / total, 0),
      ]),
    ),
  );
}
