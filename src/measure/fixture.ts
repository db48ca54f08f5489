/** @file For the tests beside it: reports of small models, trained for a few steps on generated images. */

import { imageSource, normalisation, sourceSubset, syntheticSet } from "../data/index.ts";
import { type Crate, createModel, type ViT } from "../model/index.ts";
import { aten, gradients, noGrad, random, scope, tensor } from "../tensor/index.ts";
import { chooseSamples, inspectImages } from "./inspect-images.ts";
import { describeModel, makeReport } from "./make-report.ts";
import type { Report, ReportLayer, ReportStack } from "./report-schema.ts";

export const SIZES = { dim: 24, depth: 3, heads: 3, patch: 4, imageSize: 16, channels: 3, classes: 10 };
export const SEED = 5;
const data = { classes: SIZES.classes, size: SIZES.imageSize, channels: SIZES.channels };

/** The model with its first weights: equal for equal names. */
export const untrained = (name: "crate" | "vit"): Crate | ViT =>
  createModel(name, SIZES, random(SEED).at("model"));

/** The model after some steps of plain gradient descent. */
export function trained(name: "crate" | "vit", steps = 8): Crate | ViT {
  const model = untrained(name);
  const { images, labels, count } = syntheticSet({ split: "train", ...data, count: 40 });
  scope(() => {
    const X = tensor(images, { shape: [count, 3, 16, 16] })
      .to("float32")
      .div(255)
      .sub(0.5)
      .div(0.25);
    const y = tensor(BigInt64Array.from(labels, BigInt));
    const parameters = model.parameters();
    for (let step = 0; step < steps; step++) {
      scope(() => {
        const loss = aten("cross_entropy_loss", model.apply(X), y, null, 1, -100, 0);
        const slopes = gradients(loss, parameters);
        noGrad(() => {
          for (const [i, parameter] of parameters.entries()) parameter.sub_(slopes[i]!.mul(0.1));
        });
      });
    }
  });
  return model;
}

/** The report of such a model on generated images. */
export async function sampleReport(name: "crate" | "vit", samples = 12): Promise<Report> {
  const all = imageSource(syntheticSet({ split: "test", ...data }));
  const places = chooseSamples(all.count, samples, SEED);
  using before = untrained(name);
  using model = trained(name);
  const found = await inspectImages({
    ...{ before: { model: before }, after: { model }, source: sourceSubset(all, places), places },
    ...{ normalise: normalisation(all, "dataset"), patch: SIZES.patch, classifier: true },
  });
  const about = {
    name: all.name,
    split: "test",
    unit: "images",
    count: all.count,
    normalise: "dataset",
  } as const;
  return makeReport({
    ...{ name: "sample", recipe: "sample", method: "supervised", model: describeModel(name, model) },
    ...{ data: { ...about, classes: [...all.classes] }, checkpoint: { name: "step-00000008", step: 8 } },
    ...{ seed: SEED, samples: places.length, ...found },
  });
}

/** The layers of a report that has one stack, whose untrained weights are known. */
export function stackOf({ layers }: Report): ReportStack & { before: ReportLayer[] } {
  const [stack, ...more] = layers ?? [];
  if (stack === undefined || more.length > 0 || stack.before === null) throw new Error("no single stack");
  return { ...stack, before: stack.before };
}

/** The same report without the untrained layers, as where they are not known. */
export function withoutBefore(report: Report): Report {
  const { name, after } = stackOf(report);
  return { ...report, layers: [{ name, before: null, after }] };
}
