/** @file Residual encoder and decoder of closed-loop transcription, as SNGAN's nets: for 32, 48 and 128 pixels. */

import {
  averagePool2d,
  BatchNorm,
  type Conv2d,
  conv2d,
  type Linear,
  linear,
  Module,
  SpectralConv2d,
  SpectralLinear,
  toSphere,
  xavierUniform,
} from "../../nn/index.ts";
import { noGrad, operator, type Random, run, type Tensor } from "../../tensor/index.ts";

const UPSAMPLE = operator("upsample_bilinear2d.vec");
const RESIDUAL_GAIN = Math.SQRT2;

const doubled = (X: Tensor): Tensor => run(UPSAMPLE, X.h, null, false, [2, 2]);

/** A layer with its weight drawn anew from Xavier's uniform distribution. */
function xavier<M extends Conv2d | Linear>(module: M, random: Random, gain: number): M {
  noGrad(() => module.W.copy_(xavierUniform(module.W.shape, random.at("xavier"), gain)));
  return module;
}

/** conv3(ReLU BN · ) twice, the first after doubling the image, beside a doubled conv1: [b, in, s, s] → [b, out, 2s, 2s]. */
export class GeneratorBlock extends Module {
  readonly b1: BatchNorm;
  readonly c1: Conv2d;
  readonly b2: BatchNorm;
  readonly c2: Conv2d;
  readonly shortcut: Conv2d;

  constructor(inputs: number, outputs: number, random: Random) {
    super();
    const conv = (name: string, from: number, kernel: number, gain: number) => {
      const at = random.at(name);
      return xavier(conv2d(from, outputs, kernel, at, { padding: (kernel - 1) / 2 }), at, gain);
    };
    this.c1 = this.child("c1", conv("c1", inputs, 3, RESIDUAL_GAIN));
    this.c2 = this.child("c2", conv("c2", outputs, 3, RESIDUAL_GAIN));
    this.b1 = this.child("b1", new BatchNorm(inputs));
    this.b2 = this.child("b2", new BatchNorm(outputs));
    this.shortcut = this.child("shortcut", conv("shortcut", inputs, 1, 1), "c_sc");
  }

  protected forward(X: Tensor): Tensor {
    const half = this.c1.apply(doubled(this.b1.apply(X).relu()));
    return this.c2.apply(this.b2.apply(half).relu()).add(this.shortcut.apply(doubled(X)));
  }
}

/**
 * SNconv3(ReLU ·) twice beside an SNconv1, halved at the end where `down`; the shortcut is the input itself where
 * nothing changes. `first` is the block on images: no activation before it, and a shortcut that halves first.
 */
export class DiscriminatorBlock extends Module {
  readonly c1: SpectralConv2d;
  readonly c2: SpectralConv2d;
  readonly shortcut: SpectralConv2d | undefined;

  constructor(
    inputs: number,
    outputs: number,
    random: Random,
    readonly options: { down: boolean; first?: boolean },
  ) {
    super();
    const { down, first = false } = options;
    const hidden = first ? outputs : inputs;
    const conv = (name: string, from: number, to: number, kernel: number, gain: number) =>
      new SpectralConv2d(from, to, kernel, random.at(name), gain);
    this.c1 = this.child("c1", conv("c1", inputs, hidden, 3, RESIDUAL_GAIN));
    this.c2 = this.child("c2", conv("c2", hidden, outputs, 3, RESIDUAL_GAIN));
    const changes = first || down || inputs !== outputs;
    this.shortcut = changes
      ? this.child("shortcut", conv("shortcut", inputs, outputs, 1, 1), "c_sc")
      : undefined;
  }

  protected forward(X: Tensor): Tensor {
    const { down, first = false } = this.options;
    const half = this.c1.apply(first ? X : X.relu());
    const residual = this.c2.apply(half.relu());
    if (first) return averagePool2d(residual, 2).add(this.shortcut!.apply(averagePool2d(X, 2)));
    const shortcut = this.shortcut?.apply(X) ?? X;
    return down ? averagePool2d(residual.add(shortcut), 2) : residual.add(shortcut);
  }
}

/** What differs between the sizes: channels of each stage, and the side of the image that the decoder starts from. */
interface Stages {
  /** Encoder: channels after each block; whether each halves the image. */
  encoder: readonly (readonly [channels: number, down: boolean])[];
  /** Decoder: channels before the first block and after each. */
  decoder: readonly number[];
  bottom: number;
  /** Official name of the encoder's last layer; with five blocks it is `l5` as with four. */
  head: string;
}

/** @param width channels at the deep end */
const SIZES: Record<32 | 48 | 128, (width: number) => Stages> = {
  32: (w) => ({
    encoder: [
      [w / 2, true],
      [w / 2, true],
      [w / 2, false],
      [w / 2, false],
    ],
    decoder: [w, w, w, w],
    bottom: 4,
    head: "l5",
  }),
  48: (w) => ({
    encoder: [
      [w / 8, true],
      [w / 4, true],
      [w / 2, true],
      [w, true],
      [2 * w, false],
    ],
    decoder: [w, w / 2, w / 4, w / 8],
    bottom: 6,
    head: "l5",
  }),
  128: (w) => ({
    encoder: [
      [w / 16, true],
      [w / 8, true],
      [w / 4, true],
      [w / 2, true],
      [w, true],
      [w, false],
    ],
    decoder: [w, w, w / 2, w / 4, w / 8, w / 16],
    bottom: 4,
    head: "l7",
  }),
};

/** Channels at the decoder's start in the official nets. */
export const SNGAN_WIDTHS = { 32: 256, 48: 512, 128: 1024 } as const;

export interface SnganOptions {
  size: 32 | 48 | 128;
  channels: number;
  features: number;
  /** Channels at the decoder's start; the official nets' unless given. A multiple of 16. */
  width?: number;
  /** Features as the last layer gives them, not on the sphere: for discriminators. */
  plain?: boolean;
}

const sizeOf = ({ size, width = SNGAN_WIDTHS[size] }: SnganOptions): Stages => SIZES[size](width);

/** Learned parameters of encoder and decoder. */
export function snganCount(options: SnganOptions): number {
  const { channels: c, features: d } = options;
  const { encoder, decoder, bottom } = sizeOf(options);
  const conv = (from: number, to: number, kernel: number) => kernel * kernel * from * to + to;
  let from = c;
  let total = 0;
  for (const [i, [to, down]] of encoder.entries()) {
    const hidden = i === 0 ? to : from;
    const changes = i === 0 || down || from !== to;
    total += conv(from, hidden, 3) + conv(hidden, to, 3) + (changes ? conv(from, to, 1) : 0);
    from = to;
  }
  total += from * d + d; // the encoder's last layer
  const [start, ...rest] = decoder as [number, ...number[]];
  const area = bottom * bottom;
  total += (d + 1) * start * area;
  from = start;
  for (const to of rest) {
    total += conv(from, to, 3) + conv(to, to, 3) + conv(from, to, 1) + 2 * from + 2 * to;
    from = to;
  }
  return total + 2 * from + conv(from, c, 3);
}

/** The encoder f: residual blocks under spectral normalisation, sum over the image, linear, unit length: [b, d]. */
export class SnganEncoder extends Module {
  private readonly blocks: DiscriminatorBlock[];
  readonly head: SpectralLinear;

  constructor(
    readonly options: SnganOptions,
    random: Random,
  ) {
    super();
    const { encoder, head: name } = sizeOf(options);
    this.blocks = encoder.map(([outputs, down], i) => {
      const inputs = i === 0 ? options.channels : encoder[i - 1]![0];
      const block = new DiscriminatorBlock(inputs, outputs, random.at(`block.${i + 1}`), {
        down,
        first: i === 0,
      });
      return this.child(`block.${i + 1}`, block, `block${i + 1}`);
    });
    const head = new SpectralLinear(encoder.at(-1)![0], options.features, random.at("head"));
    this.head = this.child("head", head, `${name}.0`);
  }

  protected forward(X: Tensor): Tensor {
    const x = this.blocks.reduce((x, block) => block.apply(x), X); //            [b, channels, s, s]
    const features = this.head.apply(x.relu().sum([2, 3])); //                   [b, d]
    return this.options.plain ? features : toSphere(features);
  }
}

/** The decoder g: linear to a small image, residual blocks that double it, tanh: [b, d] → [b, c, size, size]. */
export class SnganDecoder extends Module {
  readonly first: Linear;
  private readonly blocks: GeneratorBlock[];
  readonly norm: BatchNorm;
  readonly last: Conv2d;
  private readonly bottom: readonly [number, number, number];

  constructor(
    readonly options: SnganOptions,
    random: Random,
  ) {
    super();
    const { decoder, bottom } = sizeOf(options);
    const [start, ...rest] = decoder as [number, ...number[]];
    this.bottom = [start, bottom, bottom];
    const inner = linear(options.features, start * bottom * bottom, random.at("first"));
    this.first = this.child("first", xavier(inner, random.at("first"), 1), "l1");
    this.blocks = rest.map((outputs, i) =>
      this.child(
        `block.${i + 2}`,
        new GeneratorBlock(decoder[i]!, outputs, random.at(`block.${i + 2}`)),
        `block${i + 2}`,
      ),
    );
    const end = decoder.length + 1;
    this.norm = this.child("norm", new BatchNorm(decoder.at(-1)!), `b${end}`);
    const conv = conv2d(decoder.at(-1)!, options.channels, 3, random.at("last"), { padding: 1 });
    this.last = this.child("last", xavier(conv, random.at("last"), 1), `c${end}`);
  }

  protected forward(Z: Tensor): Tensor {
    const x = this.first.apply(Z).reshape([Z.size(0), ...this.bottom]); //       [b, width, s, s]
    const images = this.blocks.reduce((x, block) => block.apply(x), x);
    return this.last.apply(this.norm.apply(images).relu()).tanh(); //            [b, c, size, size]
  }
}
