/** @file Random images with a pattern per class: data for tests and first tries, the same on every machine. */
import { UsageError } from "../../base/errors.ts";
import { type Size, sides } from "../../base/size.ts";
import type { Dataset } from "./dataset.ts";
import { checkImageSet, type ImageSet } from "./image-set.ts";

export interface SyntheticOptions {
  split: "train" | "test";
  /** Number of classes, 2 to 1000. */
  classes?: number;
  /** Side of square images in pixels, or height and width, at least 4. */
  size?: Size;
  channels?: number;
  /** Number of images; as a rule 64 of each class to train on and 16 to test on. */
  count?: number;
}

/**
 * Class c is a plane wave of its own direction and frequency, with a phase, a contrast and noise drawn for each
 * image. A linear classifier cannot tell the classes (the phase is random), a small network can.
 * Labels go round: 0, 1, …, classes − 1, 0, …
 * @throws UsageError for an option out of range
 */
export function syntheticSet(options: SyntheticOptions): ImageSet {
  const { split, classes = 10, size = 16, channels = 3 } = options;
  const { count = classes * (split === "train" ? 64 : 16) } = options;
  check("classes", classes, 2, 1000);
  const [height, width] = sides(size);
  for (const side of [height, width]) check("size", side, 4, 1024);
  check("channels", channels, 1, 16);
  check("count", count, 1, 2 ** 31 - 1);
  const plane = height * width;
  const images = new Uint8Array(count * channels * plane);
  const labels = Int32Array.from({ length: count }, (_, i) => i % classes);
  for (let i = 0; i < count; i++) {
    const draw = uniform(2 * i + (split === "train" ? 0 : 1));
    // directions over half a circle, frequencies of 1 to 3 periods an image
    const angle = (Math.PI * labels[i]!) / classes;
    const frequency = (2 * Math.PI * (1 + (labels[i]! % 3))) / Math.max(height, width);
    const [dx, dy] = [Math.cos(angle) * frequency, Math.sin(angle) * frequency];
    const [phase, contrast] = [2 * Math.PI * draw(), 50 + 50 * draw()];
    for (let c = 0; c < channels; c++) {
      const at = (i * channels + c) * plane;
      for (let p = 0; p < plane; p++) {
        const wave = Math.sin(dx * (p % width) + dy * Math.floor(p / width) + phase + c);
        images[at + p] = Math.round(127.5 + contrast * wave + 40 * (draw() - 0.5));
      }
    }
  }
  const names = Array.from({ length: classes }, (_, c) => `wave ${c}`);
  const shape = { count, channels, height, width };
  return checkImageSet({ name: "synthetic", ...shape, classes: names, labels, images });
}

function check(key: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new UsageError(`synthetic: ${key} is ${value}, expected an integer from ${least} to ${most}`);
}

/** Numbers in [0, 1) from a seed (mulberry32): enough for patterns, no tensors needed. */
function uniform(seed: number): () => number {
  let state = Math.imul(seed + 1, 0x9e3779b1);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const synthetic: Dataset = {
  info: {
    name: "synthetic",
    title: "generated plane waves, one direction a class",
    ...{ classes: 10, channels: 3, size: 0, count: { train: 640, test: 160 }, official: false },
    licence: "MIT",
  },
  load({ imageSize: size, split, classes, channels, count }) {
    const given = Object.entries({ size, classes, channels, count });
    return syntheticSet({ split, ...Object.fromEntries(given.filter(([, value]) => value !== undefined)) });
  },
};
