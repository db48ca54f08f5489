/** @file The smallest runs of every method: a few steps each, with an evaluation in their middle where there can be one. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { registerDataset, syntheticSet } from "../src/data/index.ts";
import { type MethodName, type Recipe, resolveRecipe } from "../src/method/recipe.ts";

type Tree = Record<string, Record<string, unknown>>;

/** A file of a few words, for as long as the tests of a file run. */
export function fewWords(): { path: string } & Disposable {
  const folder = mkdtempSync(join(tmpdir(), "vitrine words-"));
  const path = join(folder, "text.txt");
  writeFileSync(path, "a few words of a text\n".repeat(20));
  return { path, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
}

const run = { device: "cpu", threads: 1, logInterval: 1 };
/** Images of 16 numbers: a ReduNet of pixels has matrices of as many rows. */
registerDataset({
  info: {
    name: "small-waves",
    title: "synthetic images of 4 × 4 pixels",
    ...{ classes: 4, channels: 1, size: 4, count: { train: 40, test: 20 }, official: false },
    licence: "MIT",
  },
  load: ({ split }) =>
    syntheticSet({ split, ...{ classes: 4, channels: 1, size: 4, count: split === "train" ? 40 : 20 } }),
});

const images = { name: "synthetic" }; // 640 to train on, 160 to test on, 10 classes
const tokens = { dim: 16, depth: 1, heads: 2, patch: 4, imageSize: 8 };
const closedLoop = { name: "ctrl_mnist", width: 8, features: 16 };
const groups = {
  model: { name: "classifier", width: 8, features: 16 },
  data: images,
  train: { ...run, epochs: 2, batchSize: 64 },
};

/** What a tiny run of each method is, by a name: the method's own, or with the objective, strategy or net. */
export const TINY_METHODS: Record<string, { method: MethodName } & { settings: Tree }> = {
  supervised: {
    method: "supervised",
    settings: {
      model: { name: "crate", ...tokens },
      data: images,
      train: { ...run, epochs: 2, batchSize: 160, lr: 0.01 },
    },
  },
  "supervised, averaged": {
    method: "supervised",
    settings: {
      model: { name: "crate", ...tokens },
      data: { ...images, augment: { mixup: 0.4 } },
      train: {
        ...run,
        epochs: 2,
        batchSize: 80,
        accumulate: 3,
        ema: 0.9,
        clipGrad: 1,
        per: "epoch",
        lr: 0.01,
      },
    },
  },
  mcr2: {
    method: "mcr2",
    settings: {
      model: { name: "resnet10mnist", features: 16, imageSize: 8 },
      data: images,
      method: { components: 3 },
      train: { ...run, epochs: 1, batchSize: 160, lr: 0.01 },
    },
  },
  "mcr2, views": {
    method: "mcr2",
    settings: {
      model: { name: "resnet10mnist", features: 16, imageSize: 8 },
      data: images,
      method: { classes: "views", views: 2, changes: "mnist", components: 3 },
      train: { ...run, epochs: 1, batchSize: 320, lr: 0.01 },
    },
  },
  redunet: {
    method: "redunet",
    settings: { model: { layers: 6 }, data: { name: "gaussian2d", perClass: 20 }, train: run },
  },
  "redunet, lifted": {
    method: "redunet",
    settings: {
      model: { layers: 6, lift: 4, kernel: 3 },
      data: { ...images, form: "translation", classes: [0, 1], perClass: 2, testPerClass: 1 },
      method: { shifts: 1 },
      train: run,
    },
  },
  ctrl: {
    method: "ctrl",
    settings: {
      model: closedLoop,
      data: images,
      method: { components: 3 },
      train: { ...run, steps: 6, batchSize: 60, lr: 1e-3, evalEvery: 3 },
    },
  },
  ictrl: {
    method: "ictrl",
    settings: {
      model: closedLoop,
      data: images,
      method: { directions: 2, samples: 3, nearest: 5, components: 3 },
      train: { ...run, firstSteps: 2, firstBatchSize: 60, batchSize: 64, epochs: 1, lr: 1e-3 },
    },
  },
  "ictrl, reviewed": {
    method: "ictrl",
    settings: {
      model: closedLoop,
      data: images,
      method: { tasks: 2, reviews: 1, directions: 2, samples: 3, nearest: 5, components: 3 },
      train: { ...run, firstSteps: 2, firstBatchSize: 60, batchSize: 160, epochs: 1, lr: 1e-3 },
    },
  },
  "incremental, fine-tuning": {
    method: "incremental",
    settings: { ...groups, method: { strategy: "fine-tuning", tasks: 2 } },
  },
  "incremental, lwf": {
    method: "incremental",
    settings: { ...groups, method: { strategy: "lwf", tasks: 2 } },
  },
  "incremental, icarl": {
    method: "incremental",
    settings: { ...groups, method: { strategy: "icarl", tasks: 2, memory: 20 } },
  },
  "incremental, a-gem": {
    method: "incremental",
    settings: { ...groups, method: { strategy: "a-gem", tasks: 2, memory: 20 } },
  },
  "incremental, redunet": {
    method: "incremental",
    settings: {
      model: { name: "redunet", layers: 3 },
      data: { name: "small-waves" },
      method: { strategy: "redunet", tasks: 2 },
      train: run,
    },
  },
  "generative, vae": {
    method: "generative",
    settings: {
      model: { name: "vae", width: 8, features: 16 },
      data: images,
      method: { components: 3 },
      train: { ...run, steps: 6, batchSize: 40, lr: 1e-3, evalEvery: 3 },
    },
  },
  "generative, dcgan": {
    method: "generative",
    settings: {
      model: { name: "dcgan", width: 8, features: 16 },
      data: images,
      train: { ...run, steps: 6, batchSize: 40, lr: 1e-3 },
    },
  },
  "generative, sngan": {
    method: "generative",
    settings: {
      model: { name: "sngan", width: 8, features: 16 },
      data: images,
      train: { ...run, steps: 6, batchSize: 20, lr: 1e-3 },
    },
  },
  tcr: {
    method: "tcr",
    settings: {
      model: { name: "ctrl_cifar", width: 8, features: 16 },
      data: images,
      method: { components: 3 },
      train: { ...run, epochs: 2, batchSize: 200, lr: 0.1, evalEvery: 1 },
    },
  },
  cpp: {
    method: "cpp",
    settings: {
      model: { hidden: 32, features: 16 },
      data: { name: "manifolds", classes: 3, perClass: 40, dim: 16 },
      method: { clusters: 3, warmup: 1, points: 60, repeats: 1, counts: [2, 3] },
      train: { ...run, batchSize: 40, epochs: 2, lr: 0.01, evalEvery: 3 },
    },
  },
  mae: {
    method: "mae",
    settings: {
      model: { name: "crate_mae", ...tokens },
      data: images,
      method: { maskRatio: 0.5 },
      train: { ...run, epochs: 2, batchSize: 200, lr: 1e-3 },
    },
  },
  dino: {
    method: "dino",
    settings: {
      model: { name: "crate", ...tokens, hidden: 16, bottleneck: 8, prototypes: 24 },
      data: images,
      method: { localCrops: 1, localSize: 4 },
      train: { ...run, epochs: 2, batchSize: 200, lr: 1e-3, warmupEpochs: 0 },
    },
  },
  simdino: {
    method: "dino",
    settings: {
      model: { name: "crate", ...tokens, hidden: 16, bottleneck: 8 },
      data: images,
      method: { objective: "simdino", localCrops: 1, localSize: 4 },
      train: { ...run, epochs: 2, batchSize: 200, lr: 1e-3, warmupEpochs: 0 },
    },
  },
  probe: {
    method: "probe",
    settings: {
      model: { name: "crate", ...tokens },
      data: images,
      train: { ...run, epochs: 2, batchSize: 200, lr: 0.1 },
    },
  },
  language: {
    method: "language",
    settings: {
      model: { name: "crate_gpt", dim: 16, depth: 1, heads: 2, context: 16 },
      train: { ...run, steps: 6, batchSize: 2, accumulate: 2, lr: 1e-3, evalEvery: 3 },
    },
  },
  "mae, averaged": {
    method: "mae",
    settings: {
      model: { name: "crate_mae", ...tokens },
      data: images,
      method: { maskRatio: 0.5 },
      train: { ...run, epochs: 2, batchSize: 200, microBatch: 70, ema: 0.9, clipGrad: 1, lr: 1e-3 },
    },
  },
  "mae, muon": {
    method: "mae",
    settings: {
      model: { name: "crate_mae", ...tokens },
      data: images,
      method: { maskRatio: 0.5 },
      train: { ...run, epochs: 2, batchSize: 200, optimizer: "muon", lr: 1e-3 },
    },
  },
  "simdino, muon": {
    method: "dino",
    settings: {
      model: { name: "crate", ...tokens, hidden: 16, bottleneck: 8 },
      data: images,
      method: { objective: "simdino", localCrops: 1, localSize: 4 },
      train: { ...run, epochs: 2, batchSize: 200, optimizer: "muon", lr: 1e-3, warmupEpochs: 0 },
    },
  },
  "language, muon": {
    method: "language",
    settings: {
      model: { name: "crate_gpt", dim: 16, depth: 1, heads: 2, context: 16 },
      train: { ...run, steps: 6, batchSize: 2, optimizer: "muon", lr: 1e-3, evalEvery: 3 },
    },
  },
  "language, masked": {
    method: "language",
    settings: {
      model: { name: "bert", dim: 16, depth: 1, heads: 2, context: 16 },
      train: { ...run, steps: 6, batchSize: 2, lr: 1e-3, evalEvery: 3 },
    },
  },
};

/** The recipe of one of these runs, with other settings by section over it. `text` is what language models read. */
export function tinyRecipe(name: string, text: string, more: Tree = {}): Recipe {
  const { method, settings } = TINY_METHODS[name]!;
  const layers = [{ name: "tiny", method: { name: method }, data: { name: `text:${text}` } }, settings, more];
  return resolveRecipe(layers.map((values) => ({ origin: "tiny", values }))).recipe;
}
