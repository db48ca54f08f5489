/** @file The network of the comparisons: the same encoder with a linear head over all classes. */

import { DcganEncoder } from "../../../model/index.ts";
import { type Linear, linear, Module } from "../../../nn/index.ts";
import { noGrad, type Random, random, type Tensor } from "../../../tensor/index.ts";

export interface ClassifierOptions {
  channels: number;
  classes: number;
  /** 128 unless given. */
  features?: number;
  /** Channels of the first stage; 64 unless given. */
  width?: number;
}

/** Logits = head(f(x)), f the DCGAN encoder without the sphere: images [b, c, 32, 32] → [b, classes]. */
export class IncrementalClassifier extends Module {
  readonly encoder: DcganEncoder;
  readonly head: Linear;

  constructor(
    readonly options: ClassifierOptions,
    random: Random,
  ) {
    super();
    const { channels, classes, features = 128, width: w = 64 } = options;
    const sizes = { channels, features, widths: [w, 2 * w, 4 * w], names: "flat", plain: true } as const;
    this.encoder = this.child("encoder", new DcganEncoder(sizes, random.at("encoder")));
    this.head = this.child("head", linear(features, classes, random.at("head")));
  }

  protected forward(X: Tensor): Tensor {
    return this.head.apply(this.encoder.apply(X));
  }

  /** A copy that learns no more, in evaluation mode, with these weights or others of its kind. The caller frees it. */
  frozen(weights: ReadonlyMap<string, Tensor> = this.stateDict()): IncrementalClassifier {
    const { device } = this.parameters()[0]!;
    const copy = new IncrementalClassifier(this.options, random(0));
    try {
      noGrad(() => copy.load(weights));
      return copy.to(device).eval() as IncrementalClassifier;
    } catch (error) {
      copy.dispose();
      throw error;
    }
  }
}
