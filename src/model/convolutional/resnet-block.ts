/** @file The basic block of residual networks, and what their trunks share. */

import { BatchNorm, type Conv2d, conv2d, linear, Module } from "../../nn/index.ts";
import type { Random, Tensor } from "../../tensor/index.ts";

/** A shortcut that has to change the shape: 1 × 1 convolution and batch normalisation, `shortcut.0` and `shortcut.1`. */
export class Shortcut extends Module {
  readonly conv: Conv2d;
  readonly bn: BatchNorm;

  constructor(inputs: number, outputs: number, stride: number, random: Random) {
    super();
    this.conv = this.child(
      "conv",
      conv2d(inputs, outputs, 1, random.at("conv"), { stride, bias: false }),
      "0",
    );
    this.bn = this.child("bn", new BatchNorm(outputs), "1");
  }

  protected forward(X: Tensor): Tensor {
    return this.bn.apply(this.conv.apply(X));
  }
}

/** Block(X) = ReLU( BN(W₂ ⋆ ReLU(BN(W₁ ⋆ X))) + shortcut(X) ), 3 × 3, the stride in the first. */
export class BasicBlock extends Module {
  readonly conv1: Conv2d;
  readonly bn1: BatchNorm;
  readonly conv2: Conv2d;
  readonly bn2: BatchNorm;
  readonly shortcut: Shortcut | undefined;

  constructor(inputs: number, outputs: number, stride: number, random: Random) {
    super();
    const conv = (from: number, name: string, s: number) =>
      this.child(name, conv2d(from, outputs, 3, random.at(name), { stride: s, padding: 1, bias: false }));
    this.conv1 = conv(inputs, "conv1", stride);
    this.bn1 = this.child("bn1", new BatchNorm(outputs));
    this.conv2 = conv(outputs, "conv2", 1);
    this.bn2 = this.child("bn2", new BatchNorm(outputs));
    const same = stride === 1 && inputs === outputs;
    this.shortcut = same
      ? undefined
      : this.child("shortcut", new Shortcut(inputs, outputs, stride, random.at("shortcut")));
  }

  protected forward(X: Tensor): Tensor {
    const first = this.bn1.apply(this.conv1.apply(X)).relu(); //                [n, out, H/s, W/s]
    const second = this.bn2.apply(this.conv2.apply(first));
    return second.add(this.shortcut?.apply(X) ?? X).relu();
  }
}

const HIDDEN = 512;

/** Head(x) = W₂ ReLU(BN(W₁ x)) + b over 512 hidden units: `reshape.0`, `reshape.1`, `reshape.3`. */
export class ProjectionHead extends Module {
  private readonly first;
  private readonly bn;
  private readonly last;

  constructor(inputs: number, dim: number, random: Random) {
    super();
    this.first = this.child("first", linear(inputs, HIDDEN, random.at("first"), { bias: false }), "0");
    this.bn = this.child("bn", new BatchNorm(HIDDEN), "1");
    this.last = this.child("last", linear(HIDDEN, dim, random.at("last")), "3");
  }

  protected forward(x: Tensor): Tensor {
    return this.last.apply(this.bn.apply(this.first.apply(x)).relu());
  }
}
