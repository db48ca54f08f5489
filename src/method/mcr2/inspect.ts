/** @file Inside a run of an encoder, by MCR² or by total coding rate: rates, class spectra, similarities, the curves of its training. */

import { featuresOf } from "../../evaluate/features.ts";
import { inspectImages } from "../../measure/inspect-images.ts";
import { describeModel } from "../../measure/make-report.ts";
import { NMCE_EPSILON } from "../../rate/index.ts";
import { writeFindings } from "../findings.ts";
import { classRows, curves, rateNumbers, similarityOf, spectraOf } from "../inspect-features.ts";
import { openRunOf } from "../load-run.ts";
import { isOf } from "../recipe.ts";
import type { InspectRun } from "../run-types.ts";
import { buildNet, restoreNet } from "../tcr/run.ts";
import { withImages } from "../with-images.ts";
import { buildEncoder, restoreEncoder } from "./run.ts";

/** Measures the features of some images. */
export const inspectEncoder: InspectRun = async (folder, options) => {
  const run = openRunOf(folder, options.checkpoint, ["mcr2", "tcr"], "inspecting an encoder");
  const { recipe, checkpoint } = run;
  const { imageSize } = recipe.model;
  return await withImages(run, options, imageSize, async ({ source, places, data }) => {
    const { channels } = source;
    using encoder = isOf(recipe, "mcr2")
      ? restoreEncoder(recipe, checkpoint)
      : restoreNet(recipe, checkpoint);
    using untrained = isOf(recipe, "mcr2") ? buildEncoder(recipe, channels) : buildNet(recipe, channels);
    const before = { model: untrained };
    const layers = await inspectImages({ before, after: { model: encoder }, source, places, imageSize });
    using features = await featuresOf(encoder, source, { imageSize, range: "unit" });
    const given = { ...features, classes: source.classes.length };
    const training = curves(
      folder,
      { "train/R": "R", "train/Rc": "Rᶜ", "train/deltaR": "ΔR", "train/rate": "rate of the views" },
      "Rates of the batches while training",
      "nats",
    );
    const figures = new Map([
      ...(training === undefined ? [] : [["training", training] as const]),
      ["spectra", spectraOf(given, "Singular values of each class, centred")] as const,
      [
        "similarity",
        similarityOf(given.Z, given.Z, given, "|cos| between features, sorted by class"),
      ] as const,
    ]);
    const numbers = rateNumbers(given, recipe.method.epsilon ?? NMCE_EPSILON);
    const about = { model: describeModel(recipe.model.name, encoder), samples: source.count, data, figures };
    const findings = { ...about, ...layers, numbers, rows: classRows(given, source.classes) };
    return writeFindings(folder, run, findings, options);
  });
};
