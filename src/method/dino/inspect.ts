/** @file Inside a run of DINO: the teacher's features class by class, whether the outputs collapse, the curves of training. */

import type { Figure } from "../../chart/index.ts";
import { normalisation } from "../../data/index.ts";
import { featuresOf } from "../../evaluate/features.ts";
import { inspectImages } from "../../measure/inspect-images.ts";
import { describeModel } from "../../measure/make-report.ts";
import { toSphere } from "../../nn/index.ts";
import { scope } from "../../tensor/index.ts";
import { writeFindings } from "../findings.ts";
import { classRows, curves, rateNumbers, similarityOf, spectraOf } from "../inspect-features.ts";
import { openRunOf } from "../load-run.ts";
import type { InspectRun } from "../run-types.ts";
import { withImages } from "../with-images.ts";
import { buildPair, dinoImages, restorePair } from "./run.ts";

/** Curves of metrics.jsonl: names of the file, labels, title, unit. */
const CURVES = [
  [
    "entropies",
    { "train/targetEntropy": "of a target", "train/meanEntropy": "of the mean target" },
    "Entropy of the teacher's targets",
    "nats",
  ],
  ["rate", { "train/rate": "scaled coding rate" }, "Rate of the large crops", "nats"],
  ["cosine", { "train/cosine": "mean cosine" }, "Agreement of teacher and student", "cosine"],
  ["neighbours", { "eval/knn": "nearest neighbours" }, "Test images classified right", "percent"],
] as const;

/** Measures the teacher's layers, and its features scaled to the sphere, on some images. */
export const inspectDino: InspectRun = async (folder, options) => {
  const run = openRunOf(folder, options.checkpoint, ["dino"], "inspecting self-distillation");
  const { recipe, checkpoint } = run;
  const { imageSize, patch, name } = recipe.model;
  return await withImages(run, options, imageSize, async ({ source, places, data }) => {
    using pair = restorePair(recipe, checkpoint);
    using fresh = buildPair(recipe, source.channels);
    const [model, untrained] = [pair.teacher.backbone, fresh.teacher.backbone];
    const layers = await inspectImages({
      ...{ before: { model: untrained }, after: { model }, source, places, imageSize, patch },
      normalise: normalisation(source, recipe.data.normalise),
    });
    using features = await featuresOf(pair, source, dinoImages(recipe, source, "cpu"));
    using Z = scope(() => toSphere(features.Z), "sphere");
    const given = { Z, labels: features.labels, classes: source.classes.length };
    const figures = new Map<string, Figure>();
    for (const [name, keys, title, unit] of CURVES) {
      const curve = curves(folder, keys, title, unit);
      if (curve !== undefined) figures.set(name, curve);
    }
    figures.set("spectra", spectraOf(given, "Singular values of each class, centred"));
    figures.set("similarity", similarityOf(Z, Z, given, "|cos| between features, sorted by class"));
    const numbers = rateNumbers(given, recipe.method.epsilon);
    const about = { model: describeModel(name, model), samples: source.count, data, figures };
    const findings = { ...about, ...layers, numbers, rows: classRows(given, source.classes) };
    return writeFindings(folder, run, findings, options);
  });
};
