/** @file The convolutional encoder f and decoder g of closed-loop transcription, of the DCGAN kind, for 32 × 32 images. */

import {
  BatchNorm,
  type Conv2d,
  type ConvTranspose2d,
  conv2d,
  convTranspose2d,
  Module,
  toSphere,
} from "../../nn/index.ts";
import { noGrad, operator, type Random, run, type Tensor, UsageError } from "../../tensor/index.ts";

const LEAKY_RELU = operator("leaky_relu");

export interface DcganOptions {
  /** Channels of the images. */
  channels: number;
  /** Features per image, the d of the rates. */
  features: number;
  /** Channels after each of the three stages, in the net's own direction: [64, 128, 256] for f, [256, 128, 64] for g. */
  widths: readonly [number, number, number];
  /** Names in state dictionaries: `main.5.weight`, or in blocks `main.2.conv1.weight`. */
  names: "flat" | "blocks";
  /** A convolution 3 × 3 with normalisation and activation after each stage; with names in blocks only. */
  double?: boolean;
  /** Features as the last convolution gives them, not on the sphere: for classifiers and other comparisons. */
  plain?: boolean;
  /** Weights N(0, 0.02²) and scales N(1, 0.02²), or as PyTorch starts its layers. */
  start?: "normal" | "pytorch";
}

/** A stage: the convolution that changes the size, normalisation, and the doubled layer's. */
interface Stage {
  conv: Conv2d | ConvTranspose2d;
  norm: BatchNorm | undefined;
  again: { conv: Conv2d; norm: BatchNorm } | undefined;
}

/** What both nets share: stages, their official names, the way they start. */
abstract class Dcgan extends Module {
  protected readonly stages: Stage[] = [];
  protected readonly last: Conv2d | ConvTranspose2d;
  /** Position in the official list of layers, where activations count. */
  private position = 0;

  constructor(
    readonly options: DcganOptions,
    random: Random,
    sizes: readonly { inputs: number; outputs: number; stride: 1 | 2; normed: boolean }[],
    private readonly transposed: boolean,
  ) {
    super();
    const { names, double = false } = options;
    if (double && names !== "blocks")
      throw new UsageError('dcgan: expected names "blocks" with doubled stages, got "flat"');
    const stages = sizes.slice(0, -1);
    stages.forEach(({ inputs, outputs, stride, normed }, i) => {
      const at = random.at(`stage.${i}`);
      const conv = this.add(`${i}.conv`, "conv1", this.resize(inputs, outputs, stride, at.at("conv")));
      const norm = normed ? this.add(`${i}.norm`, "bn1", this.norm(outputs, at.at("norm"))) : undefined;
      const again = double ? this.twice(i, outputs, at) : undefined;
      this.stages.push({ conv, norm, again });
      this.position = names === "flat" ? this.position + 1 : i + 1; // past the activation, or to the next block
    });
    const { inputs, outputs, stride } = sizes.at(-1)!;
    const conv = this.resize(inputs, outputs, stride, random.at("last"));
    this.last = this.child("last", conv, `main.${this.position}`);
  }

  /** A convolution 4 × 4: with stride 2 it halves or doubles the image, with stride 1 it goes from 4 × 4 to 1 × 1 or back. */
  private resize(inputs: number, outputs: number, stride: 1 | 2, random: Random): Conv2d | ConvTranspose2d {
    const options = { stride, padding: stride === 2 ? 1 : 0, bias: false };
    const make = this.transposed ? convTranspose2d : conv2d;
    return this.started(make(inputs, outputs, 4, random, options), random);
  }

  private twice(i: number, channels: number, random: Random): { conv: Conv2d; norm: BatchNorm } {
    const conv = conv2d(channels, channels, 3, random.at("again"), { padding: 1, bias: false });
    return {
      conv: this.add(`${i}.again`, "identity.0", this.started(conv, random.at("again"))),
      norm: this.add(`${i}.againNorm`, "identity.1", this.norm(channels, random.at("againNorm"))),
    };
  }

  private norm(channels: number, random: Random): BatchNorm {
    return this.started(new BatchNorm(channels), random);
  }

  private add<M extends Module>(name: string, inBlock: string, module: M): M {
    const flat = this.options.names === "flat";
    const official = flat ? `main.${this.position++}` : `main.${this.position}.${inBlock}`;
    return this.child(`stage.${name}`, module, official);
  }

  private started<M extends Conv2d | ConvTranspose2d | BatchNorm>(module: M, random: Random): M {
    if (this.options.start === "pytorch") return module;
    const [weight, mean] = module instanceof BatchNorm ? [module.w, 1] : [module.W, 0];
    noGrad(() => weight.copy_(random.at("normal").normal(weight.shape).mul_(0.02).add_(mean)));
    return module;
  }

  protected run(X: Tensor, activation: (x: Tensor) => Tensor): Tensor {
    let x = X;
    for (const [i, { conv, norm, again }] of this.stages.entries()) {
      x = conv.apply(x);
      x = activation(norm === undefined ? x : norm.apply(x));
      if (again !== undefined) x = activation(again.norm.apply(again.conv.apply(x)));
      this.probe(`stage.${i}`, x);
    }
    return this.last.apply(x);
  }
}

/**
 * The encoder f: images [b, c, 32, 32] → features on the unit sphere, [b, d].
 *
 *     conv 4 × 4 /2, LeakyReLU | conv /2, BN, LeakyReLU | conv /2, BN, LeakyReLU | conv 4 × 4 → 1 × 1 | z / ‖z‖
 *
 * @see Dai et al. 2022, the encoder for small images
 */
export class DcganEncoder extends Dcgan {
  constructor(options: DcganOptions, random: Random) {
    const { channels, features, widths } = options;
    const [a, b, c] = widths;
    const sizes = [
      { inputs: channels, outputs: a, stride: 2, normed: false } as const,
      { inputs: a, outputs: b, stride: 2, normed: true } as const,
      { inputs: b, outputs: c, stride: 2, normed: true } as const,
      { inputs: c, outputs: features, stride: 1, normed: false } as const,
    ];
    super(options, random, sizes, false);
  }

  protected forward(X: Tensor): Tensor {
    const x = this.run(X, (x) => run(LEAKY_RELU, x.h, 0.2)); //                  [b, d, 1, 1]
    const features = this.probe("features", x.flatten(1)); //                    [b, d]
    return this.options.plain ? features : toSphere(features);
  }
}

/**
 * The decoder g: features [b, d] → images [b, c, 32, 32] in (−1, 1), transposed convolutions in mirror order.
 */
export class DcganDecoder extends Dcgan {
  constructor(options: DcganOptions, random: Random) {
    const { channels, features, widths } = options;
    const [a, b, c] = widths;
    const sizes = [
      { inputs: features, outputs: a, stride: 1, normed: true } as const,
      { inputs: a, outputs: b, stride: 2, normed: true } as const,
      { inputs: b, outputs: c, stride: 2, normed: true } as const,
      { inputs: c, outputs: channels, stride: 2, normed: false } as const,
    ];
    super(options, random, sizes, true);
  }

  protected forward(Z: Tensor): Tensor {
    const x = Z.unsqueeze(-1).unsqueeze(-1); //                                  [b, d, 1, 1]
    return this.run(x, (x) => x.relu()).tanh(); //                               [b, c, 32, 32]
  }
}
