/** @file The weights in `models/`: each loads by its name, is as small as promised, and does what results.md says of it. */

import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { batches, openDataset, subset } from "../src/data/index.ts";
import { accuracy } from "../src/evaluate/index.ts";
import { openSource } from "../src/export/open.ts";
import { noGrad, type Tensor } from "../src/tensor/index.ts";
import { root } from "./markdown.ts";

const folder = join(root, "models");
const names = readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() ? [entry.name] : [],
);
const data = process.env.VITRINE_DATA || join(root, "../shared/data");

/** On which data set, and the least share of 500 of its test images that is right. */
const CLASSIFIERS: Record<string, [data: string, least: number]> = {
  "crate-cifar10": ["cifar10", 0.75],
  "crate-fashion-mnist": ["fashion-mnist", 0.88],
  "crate-mnist": ["mnist", 0.985],
};

const unpacked = mkdtempSync(join(tmpdir(), "vitrine-models-"));
afterAll(() => rmSync(unpacked, { recursive: true }));

/** The folder of data sets, or one into which the compact form of CIFAR-10 is unpacked. */
function folderOf(set: string): string {
  if (!existsSync(join(data, set, "test_batch.med.gz"))) return data;
  execFileSync(process.execPath, [join(data, "unpack.mjs"), unpacked], { stdio: "ignore" });
  return unpacked;
}

test.each(names)(
  "%s loads by its name, has at most 2 MB of weights, and a card with its recipe",
  async (name) => {
    const files = readdirSync(join(folder, name)).sort();
    expect(files).toEqual(["README.md", "config.json", "model.safetensors", "preprocessor_config.json"]);
    expect(statSync(join(folder, name, "model.safetensors")).size).toBeLessThanOrEqual(2e6);
    const card = readFileSync(join(folder, name, "README.md"), "utf8");
    for (const part of ["## Training", "## Scores", `models/${name}`]) expect(card).toContain(part);
    expect(card).not.toContain('"dir"');
    using source = await openSource(name);
    expect(source.network.classes?.length).toBeGreaterThan(1);
  },
);

test.each(names.filter((name) => existsSync(join(data, CLASSIFIERS[name]![0]))))(
  "%s classifies real images (skipped without the data)",
  async (name) => {
    const [set, least] = CLASSIFIERS[name]!;
    const whole = await openDataset(set, { dir: folderOf(set), split: "test" });
    const images = subset(
      whole,
      Int32Array.from({ length: 500 }, (_, i) => i),
    );
    using source = await openSource(name);
    const { inputs, model } = source.network;
    const [image] = inputs.filter((input) => input.kind === "image");
    const given = { imageSize: [image!.height, image!.width], normalise: image!.normalise } as const;
    for await (const batch of batches(images, { batchSize: 500, ...given })) {
      const right = noGrad(() => {
        using logits = model.apply(batch.images) as Tensor;
        using predicted = logits.argmax(1);
        return accuracy(predicted, batch.labels);
      });
      expect(right).toBeGreaterThanOrEqual(least);
    }
  },
);
