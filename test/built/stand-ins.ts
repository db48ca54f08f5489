/** @file What the documented lines are run on: small files under the names they give, small settings for training. */

import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { writeFeatures } from "../../src/data/index.ts";
import { tokenizerJson, trainBpe } from "../../src/data/text/index.ts";
import { variableOf } from "../../src/method/environment.ts";
import type { MethodName } from "../../src/method/recipe.ts";
import { createModel } from "../../src/model/index.ts";
import { random, scope, type Tensor } from "../../src/tensor/index.ts";
import { writeAverages } from "../onnx/averages.ts";
import { archive, dict, tensorOf } from "../pickles.ts";
import { coco, writeIdx, writePhoto, writePth } from "./files.ts";

const VERSE = "KING: a few words of a text, and 2 or 3 more.\nQUEEN: so it is.\n".repeat(60);

/** Settings that the environment lays under the flags of a line, so that these win as they are written. */
const SMALL: Record<MethodName, Record<string, string>> = {
  supervised: { "train.batchSize": "8" },
  mcr2: { "model.name": "resnet10mnist", "train.batchSize": "40", "method.components": "3" },
  redunet: { "model.layers": "2", "data.perClass": "2", "data.testPerClass": "1", "method.shifts": "1" },
  ctrl: { "train.batchSize": "60", "method.components": "3" },
  ictrl: {
    ...{
      "train.firstSteps": "2",
      "train.firstBatchSize": "20",
      "train.batchSize": "20",
      "train.epochs": "1",
    },
    ...{ "method.directions": "2", "method.samples": "3", "method.nearest": "5", "method.components": "3" },
  },
  incremental: { "train.batchSize": "40", "train.epochs": "1", "method.memory": "20" },
  generative: { "train.batchSize": "40", "method.components": "3" },
  tcr: { "model.width": "8", "train.batchSize": "40", "method.components": "3" },
  cpp: {
    ...{ "model.hidden": "32", "model.features": "16", "train.batchSize": "40", "method.warmup": "0" },
    ...{ "method.points": "60", "method.repeats": "1", "method.counts": "2,3" },
  },
  language: { "train.batchSize": "2", "train.accumulate": "1", "model.context": "32" },
  mae: { "train.batchSize": "40", "train.epochs": "1", "train.warmupEpochs": "0" },
  dino: {
    ...{ "train.batchSize": "40", "train.epochs": "1", "train.warmupEpochs": "0", "model.hidden": "16" },
    ...{ "model.bottleneck": "8", "model.prototypes": "24", "method.localCrops": "1" },
  },
  probe: { "train.batchSize": "40", "train.epochs": "1", "train.warmupEpochs": "0" },
};

/** Variables of the environment for training by a recipe: few images at a time, generated ones for large sets. */
export function smallSettings(recipe: {
  method: { name: MethodName };
  data: { name: string };
}): Record<string, string> {
  const { method, data } = recipe;
  const settings = {
    ...SMALL[method.name],
    ...(/^(cifar|folder:)/.test(data.name) && { "data.name": "synthetic", "model.imageSize": "32" }),
    ...(data.name === "digits" && method.name !== "redunet" && { "data.name": "mnist" }),
    ...(data.name === "manifolds" && { "data.perClass": "20" }),
    "train.threads": "1",
  };
  return Object.fromEntries(Object.entries(settings).map(([path, value]) => [variableOf(path), value]));
}

/** Makes the files in `folder`, and the folder of data sets in `folder/data`. */
export async function makeStandIns(folder: string): Promise<void> {
  const at = (...names: string[]) => join(folder, ...names);
  for (const name of ["runs", "photos", "val2017", "masks", "labels", "made", "real", "openwebtext", "gpt2"])
    mkdirSync(at(name));
  mkdirSync(at(".config/fish/completions"), { recursive: true });
  for (const name of ["mnist", "fashion-mnist", "text/tinyshakespeare"])
    mkdirSync(at("data", name), { recursive: true });
  writeIdx(at("data/mnist"), 200, "5041921314");
  writeIdx(at("data/fashion-mnist"), 200, "9003027255");
  writeFileSync(at("data/text/tinyshakespeare/verse.txt"), VERSE);
  writeFileSync(at("openwebtext/verse.txt"), VERSE);
  writeFileSync(at("gpt2/tokenizer.json"), tokenizerJson(trainBpe(VERSE, 300)));

  const square = "0 0.25 0.25 0.75 0.25 0.75 0.75 0.25 0.75\n";
  const photos = ["one", "two"];
  await writePhoto(at("photo.jpg"), 96, 120);
  for (const [i, name] of photos.entries()) {
    for (const place of ["photos", "val2017", "made", "real"])
      await writePhoto(at(place, `${name}.jpg`), 96, 100 + 10 * i + place.length);
    for (const place of ["masks", "labels"]) writeFileSync(at(place, `${name}.txt`), square);
  }
  const files = photos.map((name) => `${name}.jpg`);
  writeFileSync(at("instances_val2017.json"), coco(files, 96));
  for (const name of ["clip", "clip-vit-l14", "clip-vit-l-14"])
    writeAverages(at(`${name}.onnx`), 224, "features");
  writeAverages(at("inception.onnx"), 299, "features");

  const draws = random(1);
  using features = draws.at("features").normal([40, 16]);
  const labels = Int32Array.from({ length: 40 }, (_, i) => i % 10);
  writeFeatures(at("z.npz"), { features, labels });
  const names = Array.from({ length: 40 }, (_, i) => `word ${i}`);
  writeFeatures(at("names.parquet"), { features, names });
  for (const name of ["made", "real"]) writeFeatures(at(`${name}.npz`), { features });
  using chances = scope(() => draws.at("chances").uniform([40, 5]).softmax(1));
  writeFeatures(at("probabilities.npy"), { features: chances });

  writeWeights(at("crate-small.pth"), "crate_small", 16);
  const part = dict({ w: tensorOf("0", 2, [2], [1]) });
  writeFileSync(at("timm.pth.tar"), archive(dict({ state_dict: part, state_dict_ema: part }), { 0: [1, 2] }));
  // patches of 32 in place of 8: a sixteenth of the tokens
  writeWeights(at("crate-base-8.pth"), "crate_base", 32);
}

function writeWeights(path: string, name: string, patch: number): void {
  using model = createModel(name, { imageSize: 224, patch, classes: 10 }, random(1).at(name));
  const tensors: ReadonlyMap<string, Tensor> = model.stateDict();
  writePth(path, tensors);
}

/** A folder of a line's own: copies of what is small, links to what is large and to the runs. */
export function workplace(folder: string): string {
  const own = mkdtempSync(join(folder, "line-"));
  for (const name of readdirSync(folder).filter((entry) => !/^line-|^bin$/.test(entry))) {
    const from = join(folder, name);
    const found = statSync(from);
    if (found.isFile() && found.size < 1_000_000) copyFileSync(from, join(own, name));
    else symlinkSync(from, join(own, name));
  }
  return own;
}
