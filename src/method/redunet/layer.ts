/** @file One ReduNet layer: built from features and labels, then a gradient step on the rate reduction. */

import type { Segments } from "../../rate/index.ts";
import { aten, cat, scope, type Tensor, tensor } from "../../tensor/index.ts";
import { factor, inverseOf } from "./hermitian.ts";
import { realOf, type Spectrum } from "./spectrum.ts";

/** A layer's operators, one per frequency. */
export interface Layer {
  /** E, which expands all features: [P, C, C] */
  E: Tensor;
  /** Cʲ, which compress the classes: [P, K, C, C] */
  C: Tensor;
  /** γⱼ, the classes' shares of the samples: [K], real */
  gamma: Tensor;
}

export interface StepOptions {
  /** η, the size of the gradient step. */
  step: number;
  /** λ, how sharply samples are assigned to the class that fits best. */
  sharpness: number;
}

/** Grams per frequency, of all samples and of each class: [P, 1 + K, C, C], each times its α = C / (n ε²). */
export function scaledGrams(V: Tensor, classes: Segments, epsSq: number): Tensor {
  return scope(() => {
    const { counts, total } = classes;
    const channels = V.size(-1);
    const rows = classes.pad(V.transpose(0, 1)).permute([2, 0, 1, 3]).contiguous(); // [P, K, m, C]
    const grams = rows.T.matmul(aten("conj", rows)); //                            [P, K, C, C]: Σ v vᴴ
    const all = cat([grams.sum([1], true), grams], 1); //                       [P, 1 + K, C, C]
    const alphas = [total, ...counts].map((count) => (count > 0 ? channels / (count * epsSq) : 0));
    return all.mul(tensor(alphas, { dtype: realOf(V), device: V.device }).reshape([-1, 1, 1]));
  }, "grams");
}

/**
 * The layer of these features:
 *
 *     E = α (I + α Σᵢ vᵢvᵢᴴ)⁻¹,   α = C/(n ε²);   Cʲ and αⱼ the same over the nⱼ samples of class j
 *
 * A class without samples has Cʲ = 0 and γⱼ = 0.
 *
 * @param V features [P, n, C]
 * @param epsSq ε²
 * @param where names the layer in errors
 */
export function buildLayer(V: Tensor, classes: Segments, epsSq: number, where: string): Layer {
  return scope(() => {
    const { counts, total } = classes;
    const channels = V.size(-1);
    const inverses = inverseOf(factor(scaledGrams(V, classes, epsSq), where)); // [P, 1 + K, C, C]
    const place = { dtype: realOf(V), device: V.device };
    const alphas = [total, ...counts].map((count) => (count > 0 ? channels / (count * epsSq) : 0));
    const operators = inverses.mul(tensor(alphas, place).reshape([-1, 1, 1]));
    const shares = counts.map((count) => count / total);
    return {
      E: operators.select(1, 0).contiguous(),
      C: operators.narrow(1, 1, counts.length).contiguous(),
      gamma: tensor(shares, place),
    };
  }, "build layer");
}

/** What a layer makes of features. */
export interface Stepped {
  /** Features after the layer: [P, n, C] */
  V: Tensor;
  /** Π̂, memberships estimated from the features before it: [n, K], rows sum to 1 */
  memberships: Tensor;
}

/**
 * One projected gradient step on ΔR, with memberships estimated from the features, so that it needs no labels:
 *
 *     Π̂ᵢⱼ = softmaxⱼ(−λ ‖Cʲvᵢ‖),   V⁺ = P_sphere( V + η (E V − Σⱼ γⱼ Cʲ V Π̂ⱼ) )
 */
export function stepLayer(V: Tensor, layer: Layer, spectrum: Spectrum, options: StepOptions): Stepped {
  return scope(() => {
    const { E, C, gamma } = layer;
    const expanded = V.matmul(E.T); //                                          [P, n, C]
    const compressed = V.unsqueeze(1).matmul(C.T); //                           [P, K, n, C]
    const misfits = spectrum.norm(compressed).clamp(1e-8); //                   [K, n]
    const memberships = misfits.mul(-options.sharpness).softmax(0); //          [K, n]
    const weights = memberships.mul(gamma.unsqueeze(-1)); //                    [K, n]
    const pulled = compressed.mul(weights.unsqueeze(-1)).sum(1); //             [P, n, C]
    const moved = V.add(expanded.sub(pulled).mul(options.step));
    return { V: spectrum.normalise(moved), memberships: memberships.T };
  }, "step layer");
}
