/** @file Positions of ToST's tokens as waves over rows and columns. */

import { linearUniform, Module } from "../../nn/index.ts";
import { type Random, type Tensor, tensor } from "../../tensor/index.ts";

/** Waves for each direction. */
const WAVES = 32;
const TEMPERATURE = 10_000;

/**
 * Sines and cosines of each place's row, then of its column: [H W, 64], with rows and columns numbered from 1 and the last
 * at 2π.
 */
export function waves(H: number, W: number): Float32Array {
  const made = new Float32Array(H * W * 2 * WAVES);
  const wave = (at: number, last: number, i: number) => {
    const angle = ((at / (last + 1e-6)) * 2 * Math.PI) / TEMPERATURE ** ((2 * Math.floor(i / 2)) / WAVES);
    return i % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
  };
  for (let y = 0; y < H; y++)
    for (let x = 0; x < W; x++)
      for (let i = 0; i < WAVES; i++) {
        const row = (y * W + x) * 2 * WAVES;
        made[row + i] = wave(y + 1, H, i);
        made[row + WAVES + i] = wave(x + 1, W, i);
      }
  return made;
}

/** FourierPositions(H, W) = waves Wᵀ + b: [H W, d]. */
export class FourierPositions extends Module {
  readonly W: Tensor; //                                                        [d, 64, 1, 1]
  readonly b: Tensor; //                                                        [d]

  constructor(dim: number, random: Random) {
    super();
    const inputs = 2 * WAVES;
    const W = linearUniform([dim, inputs, 1, 1], inputs, random.at("weight"));
    this.W = this.parameter("token_projection.weight", W);
    this.b = this.parameter("token_projection.bias", linearUniform([dim], inputs, random.at("bias")));
  }

  /** @param grid anything whose last two dimensions are H and W */
  protected forward(grid: Tensor): Tensor {
    const [H, W] = [grid.size(-2), grid.size(-1)];
    const all = tensor(waves(H, W), { shape: [H * W, 2 * WAVES], device: this.W.device }).to(this.W.dtype);
    return all.linear(this.W.reshape([this.W.size(0), 2 * WAVES]), this.b); //  [H W, d]
  }
}
