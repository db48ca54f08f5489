/** @file Features whose clusters are known: a union of curved manifolds. */

import { cat, type Random, scope, type Tensor } from "../../tensor/index.ts";
import { classLabels } from "../redunet/gaussians.ts";

export interface CurvedOptions {
  classes: number;
  perClass: number;
  /** Dimension of the features. */
  dim: number;
  /** Standard deviation of what is added; 0.02 unless given. */
  noise?: number;
}

/**
 * A union of curved manifolds of dimension 3: W₂ᵀ tanh(W₁ᵀ s + b) + noise with W₁, W₂, b of each class, s normal.
 * @returns X [classes · perClass, dim] class after class, labels int64
 */
export function curvedManifolds(
  { classes, perClass, dim, noise = 0.02 }: CurvedOptions,
  random: Random,
): { X: Tensor; labels: Tensor } {
  const WIDTH = 32;
  return scope(() => {
    const parts = Array.from({ length: classes }, (_, k) => {
      const draw = (name: string, shape: number[]) => random.at(`${k}.${name}`).normal(shape);
      const hidden = draw("s", [perClass, 3])
        .matmul(draw("W1", [3, WIDTH]))
        .add(draw("b", [WIDTH]))
        .tanh();
      const X = hidden.matmul(draw("W2", [WIDTH, dim]).div(Math.sqrt(WIDTH)));
      return X.add(draw("noise", [perClass, dim]).mul(noise));
    });
    return { X: cat(parts), labels: classLabels(classes, perClass) };
  }, "curved manifolds");
}
