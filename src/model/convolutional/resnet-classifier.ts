/** @file A residual network as a classifier of small images, for comparison. */

import { z } from "zod";
import { count as whole } from "../../base/bounds.ts";
import { type Linear, linear, Module } from "../../nn/index.ts";
import type { Random, Tensor } from "../../tensor/index.ts";
import type { Family } from "../family.ts";
import { images, width } from "../settings.ts";
import { residualCount } from "./encoders.ts";
import { ResNet } from "./resnet.ts";

export interface ResNetClassifierOptions {
  classes: number;
  /** Of the first stage; each of the two others has twice that of the one before it, and half its pixels a side. */
  width: number;
  /** Of two convolutions each, in each of the three stages. */
  blocks: number;
  /** Of the first convolution; 1, the paper's, unless given. */
  stride?: number;
  channels?: number;
}

const widthsOf = (w: number): [number, number, number] => [w, 2 * w, 4 * w];

/**
 * ResNet(X) = Linear(mean over pixels of three stages of basic blocks): images [b, c, H, W] → logits [b, classes]. It has
 * 6 · blocks + 2 layers, as the networks for CIFAR-10 of He et al. 2016; shortcuts that change the shape are 1 × 1 convolutions.
 */
export class ResNetClassifier extends Module {
  readonly trunk: ResNet;
  readonly head: Linear;

  constructor(
    readonly options: ResNetClassifierOptions,
    random: Random,
  ) {
    super();
    const { classes, width, blocks, stride = 1, channels = 3 } = options;
    const widths = widthsOf(width);
    const stem = { width, kernel: 3, stride, padding: 1 };
    const trunk = new ResNet({ dim: widths[2], channels, widths, blocks, stem, head: false }, random);
    this.trunk = this.child("trunk", trunk);
    this.head = this.child("head", linear(widths[2], classes, random.at("head")));
  }

  protected forward(X: Tensor): Tensor {
    return this.head.apply(this.probe("pooled", this.trunk.trunk(X))); //       [b, classes]
  }
}

export const resnet: Family = {
  name: "resnet",
  about: "ResNet of any width and depth for small images, for comparison",
  forms: {
    classifier: {
      options: z.strictObject({
        ...images,
        width: width.default(16).describe("channels of the first of three stages"),
        blocks: whole.max(100).default(3).describe("blocks of two convolutions in each of the three stages"),
        stride: z
          .literal([1, 2, 4])
          .default(1)
          .describe("stride of the first convolution: above 1 all stages see fewer pixels"),
      }),
      given: ["classes"],
      build: (options: ResNetClassifierOptions, random) => new ResNetClassifier(options, random),
      count({ width: w, blocks, channels = 3, classes: C }: ResNetClassifierOptions) {
        return residualCount(channels, 3, w, widthsOf(w), blocks) + 4 * w * C + C;
      },
    },
  },
  shown: { width: 16, blocks: 3, imageSize: 32, classes: 10 },
  head: ["head.weight", "head.bias"],
};
