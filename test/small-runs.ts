/** @file For each method the smallest run in which every setting can show what it does: few images, few steps. */

import type { Dataset } from "../src/data/index.ts";
import { syntheticSet } from "../src/data/index.ts";

export type Tree = Record<string, Record<string, unknown>>;

/** 40 images to learn from and 20 to test on, of 4 classes, whose pixels tell where they lie and what reads them. */
const fewImages = (name: string, channels: number, side?: number): Dataset => ({
  info: {
    ...{ name, title: "a few images", classes: 4, channels, size: side ?? 0 },
    ...{ count: { train: 40, test: 20 }, official: false, licence: "MIT" },
  },
  load({ split, imageSize = 8, dir, workers }) {
    const count = split === "train" ? 40 : 20;
    const set = syntheticSet({ split, classes: 4, channels, size: side ?? imageSize, count });
    const pixels = set.images.length / count;
    for (let i = 0; i < count; i++) set.images[i * pixels] = 10 * (workers ?? 0) + 10 * (dir?.length ?? 0);
    return { ...set, name };
  },
});

/** In colour, of the size that is asked for. */
export const few = fewImages("few", 3);
/** Of one channel and 8 × 8 pixels. */
export const fewGrey = fewImages("few-grey", 1, 8);

const run = { device: "cpu", threads: 1, logInterval: 1 };
const data = { name: "few" };
const tokens = { dim: 8, depth: 1, heads: 2, patch: 4, imageSize: 8 };
const closedLoop = { name: "ctrl_mnist", width: 2, features: 8 };

/** By method; the language models' text is given beside. */
export const SMALL_RUNS: Readonly<Record<string, Tree>> = {
  supervised: {
    model: { name: "crate", ...tokens },
    data,
    train: { ...run, epochs: 2, batchSize: 10, lr: 0.01 },
  },
  probe: { model: { name: "crate", ...tokens }, data, train: { ...run, epochs: 2, batchSize: 10, lr: 0.1 } },
  mcr2: {
    model: { name: "ctrl_cifar", width: 2, features: 8 },
    data,
    method: { components: 3 },
    train: { ...run, epochs: 2, batchSize: 20, lr: 0.1 },
  },
  tcr: {
    model: { name: "ctrl_cifar", width: 2, features: 8 },
    data,
    method: { components: 3 },
    train: { ...run, epochs: 2, batchSize: 20, lr: 0.1, warmupEpochs: 1 },
  },
  ctrl: {
    model: closedLoop,
    data,
    method: { components: 3 },
    train: { ...run, steps: 2, batchSize: 10, lr: 1e-3 },
  },
  ictrl: {
    model: closedLoop,
    data,
    method: { tasks: 2, directions: 2, samples: 3, nearest: 4, components: 3 },
    train: { ...run, firstSteps: 2, firstBatchSize: 10, batchSize: 10, epochs: 1, lr: 1e-3 },
  },
  generative: {
    model: { name: "vae", width: 2, features: 8 },
    data,
    method: { components: 3 },
    train: { ...run, steps: 2, batchSize: 10, lr: 1e-3 },
  },
  incremental: {
    model: { name: "classifier", width: 2, features: 8 },
    data,
    method: { strategy: "fine-tuning", tasks: 2 },
    train: { ...run, epochs: 1, batchSize: 10 },
  },
  redunet: { model: { layers: 2 }, data: { name: "gaussian2d", perClass: 20 }, train: run },
  cpp: {
    model: { hidden: 8, features: 8 },
    data: { name: "manifolds", classes: 3, perClass: 20, dim: 8 },
    method: { clusters: 3, warmup: 0, points: 40, repeats: 1, counts: [2, 3] },
    train: { ...run, batchSize: 20, epochs: 2, lr: 0.1 },
  },
  mae: {
    model: { name: "crate_mae", ...tokens },
    data,
    method: { maskRatio: 0.5 },
    train: { ...run, epochs: 2, batchSize: 20, lr: 1e-3 },
  },
  dino: {
    model: { name: "crate", ...tokens, hidden: 8, bottleneck: 8, prototypes: 8 },
    data,
    method: { localCrops: 1, localSize: 4, neighbours: 3, frozenEpochs: 0 },
    train: { ...run, epochs: 2, batchSize: 20, lr: 0.1, warmupEpochs: 0 },
  },
  language: {
    model: { name: "crate_gpt", dim: 8, depth: 1, heads: 2, context: 8 },
    train: { ...run, steps: 3, batchSize: 2, lr: 0.1 },
  },
};
