/** @file Does the input keep up: images/s of batches ready for a step, beside torchvision's DataLoader at equal workers. */

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp, { type SharpOptions } from "sharp";
import { type Augment, type BatchOptions, batches, IMAGENET, type ImageSet } from "../src/data/index.ts";
import { ImageFolder } from "../src/data/sets/folder.ts";
import { random } from "../src/tensor/index.ts";
import { type Bench, compare, interleave, type Row } from "./harness.ts";
import { Side } from "./side.ts";

interface Setting {
  /** Of a folder of JPEGs; arrays of CIFAR's form where it is not given. */
  root?: string;
  workers: number;
  batch: number;
  size: number;
}

/** Batches of an epoch of arrays. */
const ARRAYS = 40;

const CROPPED: Augment = { resizedCrop: [0.08, 1], flip: true };
const PADDED: Augment = { crop: 4, flip: true };

export function own({ root, workers, batch, size }: Setting): (iterations: number) => Promise<void> {
  const source =
    root === undefined
      ? arrays(ARRAYS * batch)
      : ImageFolder.open(root, { split: "train", imageSize: size, workers });
  const options: BatchOptions = {
    ...{ batchSize: batch, shuffle: true, dropLast: true, random: random(0), normalise: IMAGENET },
    augment: root === undefined ? PADDED : CROPPED,
  };
  // whole epochs: no loader decodes ahead while the other side is measured
  return async (iterations) => {
    for (let epoch = 0; epoch < iterations; epoch++)
      for await (const _ of batches(source, { ...options, epoch }));
  };
}

/** Images of CIFAR's size, of noise. */
function arrays(count: number): ImageSet {
  const images = new Uint8Array(count * 3 * 32 * 32);
  for (let i = 0; i < images.length; i++) images[i] = (i * 2654435761) >>> 24;
  const labels = Int32Array.from({ length: count }, (_, i) => i % 10);
  const classes = Array.from("0123456789");
  return { name: "arrays", count, channels: 3, height: 32, width: 32, classes, labels, images };
}

/** JPEGs of ImageNet's usual size: smooth colours with noise on them, some 100 kB each. */
async function writeJpegs(root: string, count: number): Promise<void> {
  for (const name of ["a", "b"]) mkdirSync(join(root, "train", name), { recursive: true });
  const noise = sharp({
    create: { width: 500, height: 375, channels: 3, noise: { type: "gaussian", mean: 128, sigma: 40 } },
  } as unknown as SharpOptions).png();
  const grain = await noise.toBuffer();
  for (let i = 0; i < count; i++) {
    const small = Uint8Array.from({ length: 12 * 9 * 3 }, (_, k) => ((k + 37 * i) * 2654435761) >>> 24);
    await sharp(small, { raw: { width: 12, height: 9, channels: 3 } })
      .resize(500, 375, { fit: "fill" })
      .composite([{ input: grain, blend: "soft-light" }])
      .jpeg({ quality: 90 })
      .toFile(join(root, "train", i % 2 === 0 ? "a" : "b", `${i}.jpg`));
  }
}

async function row(
  what: string,
  setting: Setting,
  images: number,
  { quick, threads }: Parameters<Bench["run"]>[0],
): Promise<Row> {
  const sides = await Promise.all([
    Side.ours("input", setting, threads),
    Side.peer("input", setting, threads),
  ]);
  const plan = quick ? { rounds: 2, iterations: 1, warmup: 1 } : { rounds: 4, iterations: 1, warmup: 1 };
  const [ours, theirs] = await interleave(sides, plan);
  await Promise.all(sides.map((side) => side.close()));
  const perSecond = (seconds: number): number => images / seconds;
  return {
    ...{ question: "input", what, unit: "images/s" },
    ...compare(ours!, theirs!, perSecond),
    goal: { of: "ratio", at: "least", value: 1 },
  };
}

export const bench: Bench = {
  name: "input",
  about: "images read, augmented and normalised, against torchvision's DataLoader at equal workers",
  peer: "torch",
  async run(context) {
    const [batch, count, size] = context.quick ? [2, 8, 32] : [32, 256, 224];
    const root = mkdtempSync(join(tmpdir(), "vitrine-input-"));
    try {
      await writeJpegs(root, count);
      const rows: Row[] = [];
      for (const workers of [1, 2]) {
        const what = `JPEGs of 500 × 375: resized crop to ${size} px, flip, normalise; workers ${workers},`;
        rows.push(await row(what, { root, workers, batch, size }, count, context));
      }
      for (const workers of [1, 2])
        rows.push(
          await row(
            `arrays of 32 × 32: crop, flip, normalise; workers ${workers},`,
            { workers, batch: 4 * batch, size: 32 },
            ARRAYS * 4 * batch,
            context,
          ),
        );
      return rows;
    } finally {
      rmSync(root, { recursive: true });
    }
  },
};
