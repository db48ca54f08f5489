import { beforeAll, expect, test } from "vitest";
import { type ImageSet, openDataset, subset } from "../../../data/index.ts";
import { aten, noGrad, random, scope, type Tensor, tensor } from "../../../tensor/index.ts";
import { IncrementalLearner } from "../../incremental/learner.ts";
import { crossEntropy } from "../../supervised/supervised.ts";
import { AGem, project } from "./a-gem.ts";
import { IncrementalClassifier } from "./classifier.ts";
import { fineTuning } from "./fine-tuning.ts";
import { herd, Icarl } from "./icarl.ts";
import { Lwf } from "./lwf.ts";
import type { Strategy } from "./strategy.ts";

let digits: ImageSet;
beforeAll(async () => {
  digits = subset(
    await openDataset("digits", { split: "train" }),
    Array.from({ length: 200 }, (_, i) => i),
  );
});

const strategies: [string, () => Strategy][] = [
  ["fine-tuning", fineTuning],
  ["LwF", () => new Lwf()],
  ["iCaRL", () => new Icarl(50)],
  ["A-GEM", () => new AGem({ perClass: 5, batchSize: 10 })],
];

/** Every step and every evaluation, as the loop takes them. */
async function learnedAll(learner: IncrementalLearner) {
  let done = 0;
  for await (const batch of learner.batches(0)) {
    scope(() => learner.step(batch, done));
    if (learner.milestones.includes(++done)) await learner.evaluate(done);
  }
  expect(done).toBe(learner.steps);
  return learner.progression;
}

test.each(strategies)(
  "%s learns task after task: shares for every task, the first task well",
  async (_, make) => {
    const options = { train: digits, test: digits, random: random(1), tasks: 5, epochs: 10, batchSize: 20 };
    const sizes = { lr: 3e-3, imageSize: 32, features: 16, width: 4 };
    using learner = new IncrementalLearner(make(), { ...options, ...sizes });
    const { matrix, seen } = await learnedAll(learner);
    expect(matrix.map((row) => row.length)).toEqual([1, 2, 3, 4, 5]);
    expect(seen[0]).toBeGreaterThan(0.8); // zeros and ones
    for (const share of matrix.flat()) expect(share).toBeGreaterThanOrEqual(0);
  },
);

test("Lwf: cross entropy and, over the old classes, λ T² times the divergence from the net before", () => {
  scope(() => {
    using model = new IncrementalClassifier({ channels: 1, classes: 4, features: 8, width: 4 }, random(2));
    model.eval();
    const lwf = new Lwf({ temperature: 3, weight: 0.5 });
    const view = { model, fresh: [2, 3], old: 2, seen: 4, random: random(3), replayed: 0 };
    const [images, labels] = [random(4).normal([6, 1, 32, 32]), random(5).integers([6], 2, 4)];
    lwf.begin(view);
    const before = noGrad(() => model.apply(images)).clone();
    noGrad(() => model.head.b!.copy_(tensor([1, -1, 0, 2])));
    const now = model.apply(images);
    const [was, is] = [before, now].map((logits) => logits.narrow(1, 0, 2).div(3).logSoftmax(-1));
    const divergence = aten<Tensor>("kl_div", is!, was!.exp()).mul(2); // a mean over 6 × 2 → over 6
    expect(divergence.item()).toBeGreaterThan(0.01);
    const expected = crossEntropy(now, labels).item() + 0.5 * 9 * divergence.item();
    expect(lwf.loss(view, images, labels).item()).toBeCloseTo(expected, 5);
    lwf.dispose();
  });
});

test("project: a gradient against the reference loses that part, another is left alone", () => {
  scope(() => {
    const [g, r] = [
      [tensor([1, -2]), tensor([[1]])],
      [tensor([0, 2]), tensor([[0]])],
    ];
    expect(project(g, r).map((t) => t.numbers())).toEqual([[1, 0], [1]]);
    expect(project(r, r).map((t) => t.numbers())).toEqual([[0, 2], [0]]);
  });
});

test("herd: herding picks first what is nearest to the mean, then what keeps the running mean there", () => {
  scope(() => {
    const Z = tensor([[0.9], [0.1], [0.6], [0.4]]); // mean ½
    expect(new Set(herd(Z, 2))).toEqual(new Set([2, 3]));
    expect(new Set(herd(Z, 4)).size).toBe(4);
  });
});
