/** @file Cross entropy and accuracy against their definitions in plain arithmetic. */

import { expect, test } from "vitest";
import { imageSource, syntheticSet } from "../../data/index.ts";
import { createModel } from "../../model/index.ts";
import { gradients, noGrad, random, scope, type Tensor, tensor } from "../../tensor/index.ts";
import { SupervisedLearner } from "./learner.ts";
import { correctAt, crossEntropy, evaluateClassifier } from "./supervised.ts";

const LOGITS = [
  [2, -1, 0.5, 0, 3],
  [0.1, 0.2, -0.3, 0.4, -0.5],
  [-40, 60, 0, 1, 2],
  [1, 1, 1, 1, 1],
];
const LABELS = [4, 1, 0, 2];
const labels = () => tensor(BigInt64Array.from(LABELS, BigInt));

/** −(1 − s) log p_y − s/C Σ_c log p_c of each row, in the order of the formula. */
function losses(rows: readonly (readonly number[])[], s: number): number[] {
  return rows.map((row, i) => {
    const top = Math.max(...row);
    const sum = top + Math.log(row.reduce((total, z) => total + Math.exp(z - top), 0));
    const logs = row.map((z) => z - sum);
    return -(1 - s) * logs[LABELS[i]!]! - (s / row.length) * logs.reduce((a, b) => a + b, 0);
  });
}
const total = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);

test.each([0, 0.1, 0.5])("cross entropy with smoothing %d is the formula's", (s) => {
  const expected = losses(LOGITS, s);
  const value = (reduction: "mean" | "sum") =>
    scope(() => crossEntropy(tensor(LOGITS, { dtype: "float64" }), labels(), s, reduction).item());
  expect(value("mean")).toBeCloseTo(total(expected) / 4, 12);
  expect(value("sum")).toBeCloseTo(total(expected), 12);
});

test("its gradient is softmax minus the smoothed label, over the batch", () => {
  const s = 0.1;
  scope(() => {
    const logits = tensor(LOGITS, { dtype: "float64" }).setRequiresGrad();
    const [found] = gradients(crossEntropy(logits, labels(), s), [logits]);
    const softmax = logits.detach().softmax(-1).toArray() as number[][];
    const expected = softmax.map((row, i) =>
      row.map((p, c) => (p - s / 5 - (c === LABELS[i] ? 1 - s : 0)) / 4),
    );
    const difference = found!
      .sub(tensor(expected, { dtype: "float64" }))
      .abs()
      .max()
      .item();
    expect(difference).toBeLessThan(1e-15);
  });
});

test("logits of half precision are summed in single precision", () => {
  scope(() => {
    const half = tensor(LOGITS).to("bfloat16");
    const loss = crossEntropy(half, labels(), 0.1);
    expect(loss.dtype).toBe("float32");
    const rounded = half.to("float64").toArray() as number[][];
    const expected = total(losses(rounded, 0.1)) / 4;
    expect(Math.abs(loss.item() - expected) / expected).toBeLessThan(1e-6);
    expect(crossEntropy(tensor(LOGITS, { dtype: "float64" }), labels()).dtype).toBe("float64");
  });
});

test("top-k counts the labels among the k largest; 5 of 3 classes is all", () => {
  const count = (logits: number[][], k: number, of = labels()) =>
    scope(() => {
      using _ = of;
      return correctAt(tensor(logits), of, k).item();
    });
  const distinct = LOGITS.slice(0, 3);
  const three = () => tensor(BigInt64Array.from(LABELS.slice(0, 3), BigInt));
  expect([1, 2, 4, 5].map((k) => count(distinct, k, three()))).toEqual([1, 2, 2, 3]);
  expect(count([[1, 2, 3]], 5, tensor(BigInt64Array.of(0n)))).toBe(1);
});

const options = { dim: 16, depth: 1, heads: 2, imageSize: 8, patch: 4, classes: 6 };
const set = imageSource(syntheticSet({ split: "test", classes: 6, size: 8, count: 250 }));

test("evaluation over several batches is that over all at once, and ignores augmentation", async () => {
  using model = createModel("crate", options, random(1));
  const settings = { batchSize: 3, augment: { crop: 2, mixup: 1 } };
  const found = await evaluateClassifier(model, set, settings); // batches of 100, 100 and 50
  const expected = await evaluateClassifier(model, set, { batchSize: 250 });
  expect(found).toMatchObject({ top1: expected.top1, top5: expected.top5, count: 250 });
  expect(found.loss).toBeCloseTo(expected.loss, 5);
  expect(found.top5).toBeGreaterThan(found.top1);
  expect(found.top5).toBeLessThan(1);
});

test("the loss of mixed images is the mixture of the losses", async () => {
  using model = createModel("crate", options, random(1));
  using learner = new SupervisedLearner(model, {
    ...{ smoothing: 0.1, train: set, test: set, epochs: 1, lr: 0.1, optimizer: { name: "sgd" } },
    batch: { batchSize: 50, random: random(3), augment: { mixup: 0.4 } },
  });
  expect(learner.perEpoch).toBe(5);
  for await (const batch of learner.batches(4)) {
    const { images, labels, mixed } = batch;
    const [loss, expected] = noGrad(() =>
      scope(() => {
        const each = (of: Tensor) => crossEntropy(model.apply(images), of, 0.1).item();
        const { lambda, other } = mixed!;
        return [learner.loss(batch).loss.item(), lambda * each(labels) + (1 - lambda) * each(other)];
      }),
    );
    expect(loss).toBeCloseTo(expected, 5);
    break;
  }
});

test("more images in a batch than there are is refused: no step would ever be made", () => {
  using model = createModel("crate", options, random(1));
  const batch = { batchSize: 251, random: random(3) };
  const settings = {
    smoothing: 0,
    train: set,
    test: set,
    batch,
    epochs: 1,
    lr: 1,
    optimizer: { name: "sgd" },
  };
  expect(() => new SupervisedLearner(model, settings)).toThrow(
    "train.batchSize: synthetic has 250 images to train on, expected a batch of at most that, got 251",
  );
});
