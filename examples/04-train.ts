/**
 * @file A training loop in full, on generated images: batches, loss, gradients, optimiser.
 *
 * `vitrine train` does the same with progress, metrics, checkpoints and resume. Promised: test accuracy above 90 %.
 */

import { imageSource, normalisation, syntheticSet } from "../src/data/index.ts";
import { batches, createModel, createOptimizer, gradients, random, scope } from "../src/index.ts";
import { crossEntropy, evaluateClassifier } from "../src/method/index.ts";
import { schedule } from "../src/train/index.ts";

const sizes = { classes: 4, size: 16, channels: 1 };
const train = imageSource(syntheticSet({ split: "train", count: 512, ...sizes }));
const test = imageSource(syntheticSet({ split: "test", count: 128, ...sizes }));
const root = random(4);
const options = { dim: 32, depth: 2, heads: 2, imageSize: 16, patch: 4, channels: 1, classes: 4 };
using model = createModel("crate", options, root.at("model"));
using optimizer = createOptimizer("adamw", model.namedParameters(), { weightDecay: 0.01 });

const [epochs, batchSize] = [8, 64];
const normalise = normalisation(train, "dataset");
const total = epochs * (train.count / batchSize);
const factor = schedule({ kind: "cosine", total, warmup: total / 10 });

for (let epoch = 0; epoch < epochs; epoch++) {
  const order = { batchSize, random: root, shuffle: true, epoch, normalise };
  for await (const { images, labels } of batches(train, order)) {
    scope(() => {
      const loss = crossEntropy(model.apply(images), labels);
      optimizer.step(gradients(loss, model.parameters()), 3e-3 * factor(optimizer.steps));
    });
  }
}
const { top1, count } = await evaluateClassifier(model, test, { batchSize, normalise });
console.log(`test accuracy ${(100 * top1).toFixed(1)} % of ${count} images after ${epochs} epochs`);
