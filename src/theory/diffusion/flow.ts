/** @file The structured flow dZ = −κ∇Rᶜ(Z | U) forwards and dZ = +κ∇Rᶜ(Z | U) back, in Euler steps. */

import { type Random, scope, type Tensor } from "../../tensor/index.ts";
import { compressionGradient, gammaOf } from "../closed-forms.ts";
import { bases, tokensOn } from "../sample.ts";

export interface Setting {
  K: number;
  p: number;
  perSubspace: number;
  epsilon: number;
}

/** Noisy unit tokens of K orthogonal subspaces that fill the space. */
export interface Start {
  Z: Tensor;
  U: Tensor;
  gamma: number;
}

/** Tokens to start from: σ = 0.05. */
export function start(random: Random, { K, p, perSubspace, epsilon }: Setting): Start {
  const U = bases(random.at("U"), [K, K * p, p]);
  const { Z } = tokensOn(U, random, { perSubspace, noise: 0.05 });
  return { Z, U, gamma: gammaOf(K * perSubspace, p, epsilon) };
}

/** Z after one Euler step per entry of `steps`, Z ← Z − κ∇Rᶜ(Z | U(ℓ)): a negative κ goes back. */
export function flow(
  Z: Tensor,
  steps: readonly number[],
  gamma: number,
  subspaces: (step: number) => Tensor,
): Tensor {
  return scope(() => {
    let moved = Z;
    for (const [l, kappa] of steps.entries())
      moved = moved.sub(compressionGradient(moved, subspaces(l), gamma).mul(kappa));
    return moved;
  });
}

/** The same value L times. */
export const constant = (value: number, L: number): number[] => new Array<number>(L).fill(value);

export const SETTING = { K: 6, p: 16, perSubspace: 8 } as const;
export const SMALL_SETTING = { K: 4, p: 12, perSubspace: 6 } as const;
