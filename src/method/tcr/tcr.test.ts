import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ImageSet, openDataset, randomCrop, randomFlip, subset } from "../../data/index.ts";
import { NmceNet, ResNet } from "../../model/index.ts";
import { gumbelSoftmax, nmceLoss } from "../../rate/index.ts";
import { gradients, noGrad, random, scope } from "../../tensor/index.ts";
import { loadCheckpoint } from "../../train/checkpoint.ts";
import { runSteps } from "../../train/loop.ts";
import { readMetrics } from "../../train/metrics.ts";
import { TcrLearner, type TcrLearnerOptions } from "./learner.ts";

let digits: ImageSet;
let folder: string;

beforeAll(async () => {
  const all = await openDataset("digits", { split: "train" });
  digits = subset(
    all,
    Array.from({ length: 60 }, (_, i) => i),
  );
  folder = mkdtempSync(join(tmpdir(), "vitrine-tcr-"));
  for (const run of ["a", "b"]) mkdirSync(join(folder, run));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const network = (clusters?: number): NmceNet => {
  const stem = { width: 4, kernel: 3, stride: 2, padding: 1 };
  const shape = { dim: 8, channels: 1, widths: [4, 8], blocks: 1, stem, head: false };
  const backbone = new ResNet(shape, random(1));
  return new NmceNet(
    { backbone, hidden: 16, dim: 6, ...(clusters !== undefined && { clusters }) },
    random(2),
  );
};

const settings = (): TcrLearnerOptions => ({
  ...{
    objective: "nmce",
    epsilon: Math.sqrt(0.2),
    train: digits,
    random: random(4),
    epochs: 3,
    batchSize: 20,
    warmupEpochs: 2,
  },
  augment: (images, stream) => randomCrop(randomFlip(images, stream.at("flip")), 3, stream.at("crop")),
  evaluate: async () => ({ numbers: {}, text: "" }),
});

const weights = (net: NmceNet) => [...net.stateDict().values()].map((tensor) => tensor.numbers());

test("views come together by NMCE's loss, and a resumed run ends as one that never stopped", async () => {
  const options = { config: {}, keep: 2, logInterval: 1, progress: "none", tensorboard: false } as const;
  using net = network();
  using learner = new TcrLearner(net, settings());
  expect(learner.steps).toBe(9); //                                             60 / 20 = 3 batches an epoch
  await runSteps(learner, { ...options, folder: join(folder, "a") });
  const records = readMetrics(join(folder, "a", "metrics.jsonl")).filter((record) => "lr" in record);
  expect(records[8]!["train/loss"]).toBeLessThan(records[0]!["train/loss"] as number);
  expect(records.map((record) => record.lr)).toEqual([
    ...[0.15, 0.15, 0.15],
    ...new Array(3).fill(0.3 * 0.5 * (1 + Math.cos(Math.PI / 3))),
    ...new Array(3).fill(0.3 * 0.5 * (1 + Math.cos((2 * Math.PI) / 3))),
  ]);
  const place = { ...options, folder: join(folder, "b") };
  using first = network();
  using stopped = new TcrLearner(first, settings());
  await runSteps(stopped, { ...place, maxSteps: 4 });
  using second = network();
  using resumed = new TcrLearner(second, settings());
  await runSteps(resumed, { ...place, resume: loadCheckpoint(join(place.folder, "checkpoints"), "last") });
  expect(weights(second)).toEqual(weights(net));
});

test("MLC's objective trains too, and needs its λ; batches larger than the set are refused", async () => {
  using net = network();
  expect(() => new TcrLearner(net, { ...settings(), objective: "mlc" })).toThrow("an alignment λ for mlc");
  expect(() => new TcrLearner(net, { ...settings(), batchSize: 61 })).toThrow(
    "digits has 60 images to train on, expected a batch of at most that, got 61",
  );
  using learner = new TcrLearner(net, { ...settings(), objective: "mlc", alignment: 0.1 });
  const before = weights(net);
  for await (const batch of learner.batches(0)) {
    const { "train/cosine": cosine } = scope(() => learner.step(batch, 0));
    expect(cosine).toBeGreaterThan(0);
    break;
  }
  expect(weights(net)).not.toEqual(before);
});

test("NMCE's later stages: heads alone on a still trunk, then everything", async () => {
  using net = network(4);
  using learner = new TcrLearner(net, settings());
  for await (const { images } of learner.batches(0)) {
    scope(() => {
      const views = [0, 1].map((i) => settings().augment(images, random(9).at(`${i}`)));
      const outputs = views.map((view) => net.outputs(view));
      const drawn = outputs.map(({ logits }, i) => gumbelSoftmax(logits, random(9).at(`noise.${i}`)));
      const { loss, compression, expansion } = nmceLoss(
        outputs.map(({ Z }) => Z),
        drawn,
        { epsilon: Math.sqrt(0.2) },
      );
      expect(compression.item()).toBeLessThan(expansion.item());
      const named = [...net.namedParameters()];
      const heads = named.filter(([name]) => /^(subspace|cluster)\./.test(name)).map(([, tensor]) => tensor);
      expect(heads).toHaveLength(4);
      const slopes = gradients(loss, heads, { retainGraph: true });
      expect(slopes.every((slope) => slope.norm().item() > 0)).toBe(true);
      const all = gradients(loss, net.parameters()); //                         the third stage
      expect(all).toHaveLength(named.length);
      // a small step of the heads down the loss lowers it on the same draw
      noGrad(() => heads.forEach((head, i) => void head.sub_(slopes[i]!.mul(0.01))));
      const again = views.map((view) => net.outputs(view));
      const same = again.map(({ logits }, i) => gumbelSoftmax(logits, random(9).at(`noise.${i}`)));
      const lower = nmceLoss(
        again.map(({ Z }) => Z),
        same,
        { epsilon: Math.sqrt(0.2) },
      ).loss;
      expect(lower.item()).toBeLessThan(loss.item());
    });
    break;
  }
});
