/** @file ResNeXt-29 (2 × 64d) as an encoder of MCR². */

import { averagePool2d, BatchNorm, type Conv2d, conv2d, Module, toSphere } from "../../nn/index.ts";
import type { Random, Tensor } from "../../tensor/index.ts";
import type { EncoderOptions } from "./resnet.ts";
import { ProjectionHead, Shortcut } from "./resnet-block.ts";

const GROUPS = 2;
const WIDTHS = [128, 256, 512];
/** Blocks of a stage. */
const BLOCKS = 3;

/** Parameters of stem and blocks, without the head. */
export function resNextCount(channels: number): number {
  let from = 64;
  let total = channels * from + 2 * from;
  for (const w of WIDTHS)
    for (let i = 0; i < BLOCKS; i++) {
      const out = 2 * w;
      const shortcut = i === 0 ? from * out + 2 * out : 0; // the width changes in each stage's first
      total += from * w + 2 * w + (9 * w * w) / GROUPS + 2 * w + w * out + 2 * out + shortcut;
      from = out;
    }
  return total;
}

/** Block(X) = ReLU( BN(W₃ ⋆ ReLU(BN(W₂ ⋆ ReLU(BN(W₁ ⋆ X))))) + shortcut(X) ): 1 × 1, grouped 3 × 3, 1 × 1 to twice the width. */
class GroupedBlock extends Module {
  private readonly steps: [Conv2d, BatchNorm][] = [];
  private readonly shortcut: Shortcut | undefined;

  constructor(inputs: number, width: number, stride: number, random: Random) {
    super();
    const outputs = 2 * width;
    const step = (i: number, from: number, to: number, kernel: number, options = {}) => {
      const shape = { padding: (kernel - 1) / 2, bias: false, ...options };
      const conv = this.child(`conv${i}`, conv2d(from, to, kernel, random.at(`conv${i}`), shape));
      this.steps.push([conv, this.child(`bn${i}`, new BatchNorm(to))]);
    };
    step(1, inputs, width, 1);
    step(2, width, width, 3, { stride, groups: GROUPS });
    step(3, width, outputs, 1);
    const same = stride === 1 && inputs === outputs;
    this.shortcut = same
      ? undefined
      : this.child("shortcut", new Shortcut(inputs, outputs, stride, random.at("shortcut")));
  }

  protected forward(X: Tensor): Tensor {
    const last = this.steps.length - 1;
    let H = X;
    for (const [i, [conv, bn]] of this.steps.entries()) {
      const normalised = bn.apply(conv.apply(H));
      H = i < last ? normalised.relu() : normalised;
    }
    return H.add(this.shortcut?.apply(X) ?? X).relu();
  }
}

/** ResNeXt(X) = P_sphere( head( mean over pixels of nine grouped blocks ) ): 9,709,504 parameters for 3 channels. */
export class ResNext29 extends Module {
  readonly conv1: Conv2d;
  readonly bn1: BatchNorm;
  readonly blocks: GroupedBlock[] = [];
  readonly head: ProjectionHead;

  constructor({ dim = 128, channels = 3 }: EncoderOptions, random: Random) {
    super();
    this.conv1 = this.child("conv1", conv2d(channels, 64, 1, random.at("conv1"), { bias: false }));
    this.bn1 = this.child("bn1", new BatchNorm(64));
    let inputs = 64;
    for (const [s, width] of WIDTHS.entries())
      for (let i = 0; i < BLOCKS; i++) {
        const name = `layer${s + 1}.${i}`;
        const block = new GroupedBlock(inputs, width, s > 0 && i === 0 ? 2 : 1, random.at(name));
        this.blocks.push(this.child(`block.${this.blocks.length}`, block, name));
        inputs = 2 * width;
      }
    this.head = this.child("head", new ProjectionHead(inputs, dim, random.at("head")), "reshape");
  }

  protected forward(X: Tensor): Tensor {
    let H = this.bn1.apply(this.conv1.apply(X)).relu(); //                      [n, 64, H, W]
    for (const block of this.blocks) H = block.apply(H);
    const pooled = averagePool2d(H, [H.size(2), H.size(3)]).flatten(1); //      [n, 1024]
    return toSphere(this.head.apply(pooled));
  }
}
