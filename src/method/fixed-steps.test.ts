/** @file Steps that stay on the device: no reads in them, the same bits from fixed buffers, whenever their numbers are read. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { reads, waiting } from "../../test/reads.ts";
import { lastCheckpoint, quietly, records } from "../../test/tiny.ts";
import { fewWords, tinyRecipe } from "../../test/tiny-methods.ts";
import { imageSource, syntheticSet } from "../data/index.ts";
import { createModel, type Gpt } from "../model/index.ts";
import type { Module } from "../nn/index.ts";
import { memory, random } from "../tensor/index.ts";
import { FixedSteps } from "../train/fixed-step.ts";
import type { Learner } from "../train/learner.ts";
import type { Means } from "../train/means.ts";
import { Pending } from "../train/pending.ts";
import { LanguageLearner, type LanguageLearnerOptions } from "./language/learner.ts";
import { MaeLearner } from "./mae/learner.ts";
import { SupervisedLearner, type SupervisedOptions } from "./supervised/learner.ts";
import { trainRun } from "./train-run.ts";

const root = mkdtempSync(join(tmpdir(), "vitrine fixed-"));
afterAll(() => rmSync(root, { recursive: true }));

const set = imageSource(syntheticSet({ split: "train", classes: 3, channels: 1, size: 8, count: 24 }));
const net = { dim: 16, depth: 1, heads: 2 };
const sizes = { ...net, imageSize: 8, patch: 4, channels: 1 };
const batch = () => ({ batchSize: 6, random: random(3), augment: { crop: 1, flip: true, erase: 0.5 } });
const optimizer = { name: "adamw", weightDecay: 0.1 };

type AnyLearner = Learner<object> & Disposable;
interface Made {
  net: Module;
  learner: AnyLearner;
}

const supervised = (more: Partial<SupervisedOptions> = {}): Made => {
  const net = createModel("crate", { ...sizes, classes: 3 }, random(1), "classifier");
  const options = { train: set, test: set, batch: batch(), epochs: 3, lr: 0.01, optimizer, ema: 0.9 };
  return { net, learner: new SupervisedLearner(net, { ...options, smoothing: 0.1, clipGrad: 1, ...more }) };
};
const mae = (): Made => {
  const net = createModel("crate_mae", { ...sizes, patch: 2 }, random(1), "autoencoder");
  const learner = new MaeLearner(net, {
    ...{ train: set, test: set, random: random(2), ratio: 0.5, normalisePixels: true, batch: batch() },
    ...{ epochs: 3, lr: 0.01, warmupEpochs: 1, weightDecay: 0.05, betas: [0.9, 0.95], evalEvery: 3 },
    microBatch: 4,
  });
  return { net, learner };
};
const language = (more: Partial<LanguageLearnerOptions> = {}): Made => {
  const gpt = createModel("crate_gpt", { ...net, vocabulary: 40, context: 8 }, random(1), "language") as Gpt;
  const learner = new LanguageLearner(gpt, {
    ...{ tokens: Int32Array.from({ length: 300 }, (_, i) => (i * i) % 40), context: 8, random: random(2) },
    ...{ steps: 12, batchSize: 4, accumulate: 1, lr: 0.01, leastLr: 0.001, warmup: 2, weightDecay: 0.1 },
    ...{ betas: [0.9, 0.95] as const, device: "cpu", evaluate: () => Promise.reject(new Error()), ...more },
  });
  return { net: gpt, learner };
};
const MADE: [string, () => Made][] = [
  ["supervised", supervised],
  ["supervised by SGD", () => supervised({ optimizer: { name: "sgd", momentum: 0.9 } })],
  ["mae", mae],
  ["language", language],
];

const STEPS = 7;

/** What steps log and leave behind, their numbers read after every `interval`. */
async function walk(make: () => Made, interval: number, fixed?: (learner: AnyLearner) => FixedSteps<object>) {
  const { net, learner } = make();
  using _net = net;
  using _learner = learner;
  const seen: Record<string, number>[] = [];
  const means = { add: (numbers: Record<string, number>) => void seen.push(numbers) } as unknown as Means;
  const pending = new Pending(learner, means, undefined, fixed?.(learner));
  let at = 0;
  try {
    for await (const batch of learner.batches(0)) {
      pending.take(batch, at++);
      if (at % interval === 0) pending.settle();
      if (at === STEPS) break;
    }
    pending.settle();
  } finally {
    pending.dispose();
  }
  return { seen, weights: [...net.stateDict().values()].map((each) => each.numbers()) };
}

describe.each(MADE)("%s", (name, make) => {
  test("a step reads nothing from the device", async () => {
    const found: { reads: number; operators: Record<string, number> }[] = [];
    let parameters = 0;
    await walk(make, STEPS, (learner) => {
      const step = learner.fixed!();
      parameters = step.descent.parameters.size;
      const run: typeof step.run = (...args) => {
        let logged: ReturnType<typeof step.run> | undefined;
        let count = 0;
        const operators = waiting(() => {
          count = reads(() => {
            logged = step.run(...args);
          });
        });
        found.push({ reads: count, operators });
        return logged!;
      };
      return new FixedSteps({ fixed: () => ({ ...step, run }) });
    });
    // a processor's fused Adam reads the number of the step once for each parameter, a GPU's where it is
    const adam = { "aten::item": parameters, "aten::_local_scalar_dense": parameters };
    const operators = name.endsWith("SGD") ? {} : adam;
    expect(found).toEqual(Array.from({ length: STEPS }, () => ({ reads: 0, operators })));
  });

  test("from buffers that stay, it is the same step to the bit, and leaves nothing behind", async () => {
    const plain = await walk(make, 1);
    const before = memory();
    expect(await walk(make, 1, (learner) => new FixedSteps(learner))).toEqual(plain);
    expect(memory()).toEqual(before);
  });

  test("whenever its numbers are read", async () => {
    const often = await walk(make, 1);
    expect(await walk(make, 3)).toEqual(often);
    expect(await walk(make, 3, (learner) => new FixedSteps(learner))).toEqual(often);
  });
});

test("a step that is not finite moves nothing from then on, from buffers too", async () => {
  const broken = () => supervised({ lr: Number.POSITIVE_INFINITY });
  await expect(walk(broken, 3, (learner) => new FixedSteps(learner))).rejects.toThrow("not finite");
});

test("steps that need numbers of the host are refused, with the setting", () => {
  const refused = ({ net, learner }: Made) => {
    using _net = net;
    using _learner = learner;
    return () => new FixedSteps(learner);
  };
  const mixed = { ...batch(), augment: { mixup: 0.4 } };
  expect(refused(supervised({ batch: mixed }))).toThrow("train.graph: expected no data.augment.mixup");
  expect(refused(supervised({ accumulate: 2 }))).toThrow("expected no train.accumulate above 1");
  expect(refused(language({ shards: 2 }))).toThrow("expected no train.shards");
  expect(() => new FixedSteps({})).toThrow("expected a method with such steps; set train.graph to false");
});

test("a run with train.graph, or with images that stay on the device, is the run without", async () => {
  using words = fewWords();
  for (const name of ["supervised", "mae", "language, masked"]) {
    const run = async (settings: Parameters<typeof tinyRecipe>[2]) => {
      const folder = mkdtempSync(join(root, "run-"));
      await trainRun(tinyRecipe(name, words.path, settings), quietly(folder));
      return { hashes: lastCheckpoint(folder).hashes, records: records(folder) };
    };
    const plain = await run({});
    expect(await run({ train: { graph: true } })).toEqual(plain);
    if (!name.startsWith("language")) expect(await run({ data: { resident: "always" } })).toEqual(plain);
    const { hashes } = await run({ train: { logInterval: 4 } });
    expect(hashes).toEqual(plain.hashes);
  }
});
