/** @file Compressing and denoising compared: settings in which they agree, and settings in which they must not. */

import { type Random, scope, type Tensor } from "../../tensor/index.ts";
import { compressionGradient, cosine, gammaOf, lift, project } from "../closed-forms.ts";
import { bases, tokensOn } from "../sample.ts";
import { subspaceScore } from "./mixture.ts";

/** K subspaces of dimension p in d dimensions, with as many unit tokens in each, noise σ and ε. */
export interface Regime {
  d: number;
  K: number;
  p: number;
  perSubspace: number;
  sigma: number;
  epsilon: number;
  /** Whether subspaces are orthogonal to each other; true when left out. */
  orthogonal?: boolean;
}

export interface Agreement {
  /** Cosine of −∇Rᶜ and the score of the mixture that the tokens come from. */
  cosine: number;
  /** Rate at which −∇Rᶜ shrinks a token outside its subspace, over the rate inside: large is denoising, 1 plain shrinking. */
  selectivity: number;
  /** γ‖α‖², of unit tokens γ. */
  gamma: number;
}

/** Parts of tokens inside and outside their own subspaces, of tokens and of their gradients: the shrinking rates. */
function rates(
  Z: Tensor,
  gradient: Tensor,
  U: Tensor,
  perSubspace: number,
): { inside: number; outside: number } {
  const K = U.size(0);
  const own = (X: Tensor) => {
    const parts = X.reshape([K, perSubspace, X.size(1)]);
    return parts.matmul(U).matmul(U.T).reshape(X.shape);
  };
  const all = (X: Tensor) => lift(project(X, U), U);
  const [inside, slope] = [own(Z), own(gradient)];
  const [outside, slopeOutside] = [all(Z).sub(inside), gradient.sub(slope)];
  const rate = (part: Tensor, change: Tensor) => part.mul(change).sum().item() / part.square().sum().item();
  return { inside: rate(inside, slope), outside: rate(outside, slopeOutside) };
}

/** How −∇Rᶜ compares with the score on random tokens of a regime. */
export function agreement(random: Random, regime: Regime): Agreement {
  const { d, K, p, perSubspace, sigma, epsilon, orthogonal = true } = regime;
  return scope(() => {
    const U = bases(random.at("U"), [K, d, p], orthogonal);
    const { Z } = tokensOn(U, random, { perSubspace, noise: sigma, unit: true });
    const gamma = gammaOf(K * perSubspace, p, epsilon);
    const gradient = compressionGradient(Z, U, gamma);
    const { inside, outside } = rates(Z, gradient, U, perSubspace);
    const score = subspaceScore(Z, U, 1 / p, sigma);
    return { cosine: cosine(gradient.neg(), score), selectivity: outside / inside, gamma };
  });
}

/** The sizes of the paper's base model: 196 tokens of 768 dimensions, 12 heads of 64. */
export const BASE = { d: 768, K: 12, p: 64, perSubspace: 16 } as const;
/** The same shape in small. */
export const SMALL = { d: 192, K: 6, p: 32, perSubspace: 8 } as const;
