/** @file The families of convolutional encoders: images to features on the unit sphere. */

import { z } from "zod";
import { width } from "../../base/bounds.ts";
import { type Size, sides, sizeInWords } from "../../base/size.ts";
import type { Module } from "../../nn/index.ts";
import type { Random } from "../../tensor/index.ts";
import type { Conflict, Family } from "../family.ts";
import { features, images } from "../settings.ts";
import { NmceNet } from "./nmce-net.ts";
import { type EncoderOptions, resnet10Mnist, resnet18, resnet18Control, resnet18Stl } from "./resnet.ts";
import { ResNext29, resNextCount } from "./resnext.ts";
import { Vgg11, vggCount } from "./vgg.ts";

export interface EncoderFormOptions {
  /** d, 128 unless given. */
  features?: number;
  channels?: number;
  imageSize?: Size;
}

interface Encoder {
  name: string;
  about: string;
  build(options: EncoderOptions, random: Random): Module;
  /** Learned parameters for d features of images with c channels. */
  count(d: number, c: number): number;
  /** Of the images, 3 unless given. */
  channels?: number;
  check?(options: EncoderFormOptions): Conflict | undefined;
}

const encoder = ({ name, about, build, count, channels = 3, check }: Encoder): Family => ({
  ...{ name, about, shown: { features: 128, channels } },
  forms: {
    encoder: {
      options: z.strictObject({ features, ...images }),
      build: ({ features: dim = 128, channels: c = channels }: EncoderFormOptions, random) =>
        build({ dim, channels: c }, random),
      count: ({ features: d = 128, channels: c = channels }: EncoderFormOptions) => count(d, c),
      ...(check && { check }),
    },
  },
});

/** A head of 512 hidden units on w numbers. */
export const headCount = (w: number, d: number): number => 512 * w + 2 * 512 + 512 * d + d;

/** A stem of k × k and its norm, then stages of b basic blocks of these widths. */
export function residualCount(c: number, k: number, w: number, widths: readonly number[], b: number): number {
  let from = w;
  let total = k * k * c * w + 2 * w;
  widths.forEach((to, s) => {
    for (let i = 0; i < b; i++) {
      const shortcut = (s > 0 && i === 0) || from !== to ? from * to + 2 * to : 0;
      total += 9 * from * to + 9 * to * to + 4 * to + shortcut;
      from = to;
    }
  });
  return total;
}

const WIDE = [64, 128, 256, 512];

export const resnet18Family = encoder({
  name: "resnet18",
  about: "ResNet-18 for 32 × 32 images with a head, Yu et al. 2020",
  build: resnet18,
  count: (d, c) => residualCount(c, 3, 64, WIDE, 2) + headCount(512, d),
});

export const resnet18ctrl = encoder({
  name: "resnet18ctrl",
  about: "ResNet-18 whose last stage is the feature, Yu et al. 2020",
  build: resnet18Control,
  count: (d, c) => residualCount(c, 3, 64, [64, 128, 256, d], 2),
});

export const resnet10mnist = encoder({
  name: "resnet10mnist",
  about: "one block a stage, for digits, Yu et al. 2020",
  build: resnet10Mnist,
  count: (d, c) => residualCount(c, 3, 64, [64, 128, 256, d], 1),
  channels: 1,
});

export const resnet18stl = encoder({
  name: "resnet18stl",
  about: "ResNet-18 for 96 × 96 images, Yu et al. 2020",
  build: resnet18Stl,
  count: (d, c) => residualCount(c, 5, 32, [32, 32, 64, d], 2),
});

export const vgg11 = encoder({
  name: "vgg11",
  about: "VGG-11 with a head, Yu et al. 2020",
  build: (options, random) => new Vgg11(options, random),
  count: (d, c) => vggCount(c) + headCount(512, d),
  check({ imageSize = 32 }) {
    if (Math.min(...sides(imageSize)) >= 32) return undefined;
    const message = `${sizeInWords(imageSize)} is less than 32, which vgg11 halves five times`;
    return { key: "imageSize", message };
  },
});

export const resnext29 = encoder({
  name: "resnext29",
  about: "ResNeXt-29 (2 × 64d) with a head, Yu et al. 2020",
  build: (options, random) => new ResNext29(options, random),
  count: (d, c) => resNextCount(c) + headCount(1024, d),
});

export const nmce: Family = {
  name: "nmce",
  about: "ResNet-18 with a wide layer, Li et al. 2022",
  shown: { features: 128, hidden: 4096, channels: 3 },
  forms: {
    encoder: {
      options: z.strictObject({
        features,
        hidden: width.default(4096).describe("width of the wide layer"),
        ...images,
      }),
      build: ({ features: dim = 128, channels = 3, hidden = 4096 }: NmceOptions, random) =>
        new NmceNet({ dim, channels, hidden }, random),
      count: ({ features: d = 128, channels: c = 3, hidden: h = 4096 }: NmceOptions) =>
        residualCount(c, 3, 64, WIDE, 2) + (512 * h + h) + 2 * h + (h * d + d),
    },
  },
};

type NmceOptions = EncoderFormOptions & { hidden?: number };
