/** @file Residual encoders of MCR²: images to features on the unit sphere. */

import {
  averagePool2d,
  BatchNorm,
  type Conv2d,
  conv2d,
  Module,
  maxPool2d,
  toSphere,
} from "../../nn/index.ts";
import { type Random, scope, type Tensor, UsageError } from "../../tensor/index.ts";
import { BasicBlock, ProjectionHead } from "./resnet-block.ts";

export interface ResNetOptions {
  /** Features of an image. */
  dim: number;
  channels: number;
  /** Widths of the stages; the stages after the first halve the image. */
  widths: readonly number[];
  /** Blocks of each stage. */
  blocks: number;
  /** First convolution; `pool` adds a 3 × 3 maximum every second pixel. */
  stem: { width: number; kernel: number; stride: number; padding: number; pool?: boolean };
  /** Whether a two-layer head follows the mean over pixels. Without it, features are ≥ 0. */
  head: boolean;
}

/**
 * ResNet(X) = P_sphere( head( mean over pixels of the stages ) ): X [n, c, H, W] → [n, dim], rows of length 1.
 *
 * Without a head the features end in ReLU and mean, so every entry is ≥ 0: orthogonal classes then have disjoint
 * supports.
 */
export class ResNet extends Module {
  readonly conv1: Conv2d;
  readonly bn1: BatchNorm;
  readonly blocks: BasicBlock[] = [];
  readonly head: ProjectionHead | undefined;

  constructor(
    readonly options: ResNetOptions,
    random: Random,
  ) {
    super();
    const { stem, widths, channels, dim } = options;
    if (!options.head && widths.at(-1) !== dim)
      throw new UsageError(
        `resnet: without a head the last width ${widths.at(-1)} is the dimension, got ${dim}`,
      );
    const { kernel, stride, padding } = stem;
    const conv = conv2d(channels, stem.width, kernel, random.at("conv1"), { stride, padding, bias: false });
    this.conv1 = this.child("conv1", conv);
    this.bn1 = this.child("bn1", new BatchNorm(stem.width));
    let width = stem.width;
    for (const [s, next] of widths.entries())
      for (let i = 0; i < options.blocks; i++) {
        const name = `layer${s + 1}.${i}`;
        const block = new BasicBlock(width, next, s > 0 && i === 0 ? 2 : 1, random.at(name));
        this.blocks.push(this.child(`block.${this.blocks.length}`, block, name));
        width = next;
      }
    if (options.head)
      this.head = this.child("head", new ProjectionHead(width, dim, random.at("head")), "reshape");
  }

  protected forward(X: Tensor): Tensor {
    const pooled = this.trunk(X); //                                            [n, w]
    return toSphere(this.head?.apply(pooled) ?? pooled);
  }

  /** The mean over pixels of the last stage, before head and sphere: [n, c, H, W] → [n, width]. */
  trunk(X: Tensor): Tensor {
    return scope(() => {
      const { stem } = this.options;
      let H = this.bn1.apply(this.conv1.apply(X)).relu(); //                    [n, w, H, W]
      if (stem.pool) H = maxPool2d(H, 3, { stride: 2, padding: 1 });
      for (const block of this.blocks) H = block.apply(H);
      return averagePool2d(H, [H.size(2), H.size(3)]).flatten(1);
    }, "trunk");
  }
}

export interface EncoderOptions {
  /** Features of an image; 128 when left out. */
  dim?: number;
  channels?: number;
}

const small = (width: number) => ({ width, kernel: 3, stride: 1, padding: 1 });

/** ResNet-18 for 32 × 32 images with a head: 11,497,664 parameters for 3 channels and 128 features. */
export function resnet18({ dim = 128, channels = 3 }: EncoderOptions, random: Random): ResNet {
  const widths = [64, 128, 256, 512];
  return new ResNet({ dim, channels, widths, blocks: 2, stem: small(64), head: true }, random);
}

/** ResNet-18 whose last stage is the feature, for self-supervised MCR²: 3,546,432 parameters. */
export function resnet18Control({ dim = 128, channels = 3 }: EncoderOptions, random: Random): ResNet {
  const widths = [64, 128, 256, dim];
  return new ResNet({ dim, channels, widths, blocks: 2, stem: small(64), head: false }, random);
}

/** One block a stage, for digits: 1,699,776 parameters for 1 channel. */
export function resnet10Mnist({ dim = 128, channels = 1 }: EncoderOptions, random: Random): ResNet {
  const widths = [64, 128, 256, dim];
  return new ResNet({ dim, channels, widths, blocks: 1, stem: small(64), head: false }, random);
}

/** For 96 × 96 images: 735,072 parameters. */
export function resnet18Stl({ dim = 128, channels = 3 }: EncoderOptions, random: Random): ResNet {
  const stem = { width: 32, kernel: 5, stride: 2, padding: 3, pool: true };
  return new ResNet({ dim, channels, widths: [32, 32, 64, dim], blocks: 2, stem, head: false }, random);
}
