/** @file VGG-11 as an encoder of MCR². */

import { BatchNorm, type Conv2d, conv2d, Module, maxPool2d, toSphere } from "../../nn/index.ts";
import { type Random, type Tensor, zeros } from "../../tensor/index.ts";
import type { EncoderOptions } from "./resnet.ts";
import { ProjectionHead } from "./resnet-block.ts";

/** Widths of the convolutions; "halve" is a 2 × 2 maximum. */
const VGG11 = [64, "halve", 128, "halve", 256, 256, "halve", 512, 512, "halve", 512, 512, "halve"] as const;

/** Parameters of the convolutions with their norms. */
export function vggCount(channels: number): number {
  let from = channels;
  let total = 0;
  for (const to of VGG11) {
    if (to === "halve") continue;
    total += 9 * from * to + to + 2 * to;
    from = to;
  }
  return total;
}

/** The convolutions, numbered as in a sequence of convolution, normalisation, ReLU and pooling. */
class Features extends Module {
  private readonly stages: ("halve" | { conv: Conv2d; bn: BatchNorm })[] = [];

  constructor(channels: number, random: Random) {
    super();
    let width: number = channels;
    let at = 0;
    let stage = 0;
    for (const next of VGG11) {
      if (next === "halve") {
        this.stages.push(next);
        at += 1;
        stage++;
        continue;
      }
      const name = `stage.${stage}`;
      const made = conv2d(width, next, 3, random.at(`${at}`), { padding: 1 });
      const conv = this.child(`${name}.conv${at}`, made, `${at}`);
      this.stages.push({ conv, bn: this.child(`${name}.bn${at + 1}`, new BatchNorm(next), `${at + 1}`) });
      width = next;
      at += 3;
    }
  }

  protected forward(X: Tensor): Tensor {
    let H = X;
    let halved = 0;
    for (const stage of this.stages)
      H =
        stage === "halve"
          ? this.probe(`stage.${halved++}`, maxPool2d(H, 2))
          : stage.bn.apply(stage.conv.apply(H)).relu();
    return H;
  }
}

/**
 * VGG11(X) = P_sphere( head( convolutions ) ): X [n, c, 32, 32] → [n, dim], rows of length 1.
 *
 * 9,554,816 parameters for 3 channels and 128 features. The authors' 9,559,946 count a classifier that nothing reads;
 * here it is a pair of buffers, `classifier.weight` and `classifier.bias`, so that their checkpoints load.
 */
export class Vgg11 extends Module {
  readonly features: Features;
  readonly head: ProjectionHead;

  constructor({ dim = 128, channels = 3 }: EncoderOptions, random: Random) {
    super();
    this.features = this.child("features", new Features(channels, random.at("features")));
    this.buffer("classifier.weight", zeros([10, 512]));
    this.buffer("classifier.bias", zeros([10]));
    this.head = this.child("head", new ProjectionHead(512, dim, random.at("head")), "reshape");
  }

  protected forward(X: Tensor): Tensor {
    return toSphere(this.head.apply(this.features.apply(X).mean([2, 3])));
  }
}
