/** @file One ReduNet layer: built from features and labels, then a gradient step on the rate reduction. */

import type { Segments } from "../../rate/index.ts";
import { aten, cat, scope, type Tensor, tensor } from "../../tensor/index.ts";
import { alphas, factored, resolvent, type Spread } from "./gram.ts";
import { realOf, realView, type Spectrum } from "./spectrum.ts";

/** A layer's operators, one set per frequency, in one tensor so that one product applies them all. */
export interface Layer {
  /** E, which expands all features, then Cʲ, which compress the classes: [P, 1 + K, C, C] */
  operators: Tensor;
  /** γⱼ, the classes' shares of the samples: [K], real */
  gamma: Tensor;
}

/** E of a layer: [P, C, C], a view */
export const expansion = (layer: Layer): Tensor => layer.operators.select(1, 0);
/** Cʲ of a layer: [P, K, C, C], a view */
export const compression = (layer: Layer): Tensor => layer.operators.narrow(1, 1, layer.gamma.numel);

export interface StepOptions {
  /** η, the size of the gradient step. */
  eta: number;
  /** λ, how sharply samples are assigned to the class that fits best. */
  sharpness: number;
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
 * @param spread other processes that hold samples
 */
export function buildLayer(
  V: Tensor,
  classes: Segments,
  epsSq: number,
  where: string,
  spread?: Spread,
): Layer {
  return scope(() => {
    const place = { dtype: realOf(V), device: V.device };
    const atOnce = spread === undefined ? resolvents(V, classes, epsSq) : undefined;
    const { operators, of } = atOnce
      ? { operators: atOnce, of: classes }
      : ofFactors(V, classes, epsSq, where, spread);
    const shares = of.counts.map((count) => count / of.total);
    return { operators, gamma: tensor(shares, place) };
  }, "build layer");
}

/** Operators by factors, of the samples of all processes: [P, 1 + K, C, C]; and how many those are. */
function ofFactors(V: Tensor, classes: Segments, epsSq: number, where: string, spread?: Spread) {
  const { all, each, counts } = factored(V, classes, epsSq, where, spread);
  const place = { dtype: realOf(V), device: V.device };
  const alpha = tensor(alphas(counts, V.size(-1), epsSq), place); //            [1 + K]
  const E = resolvent(all, alpha.narrow(0, 0, 1)).unsqueeze(1); //              [P, 1, C, C]
  const C = resolvent(each, alpha.narrow(0, 1, counts.counts.length)); //       [P, K, C, C]
  return { operators: cat([E, C], 1), of: counts };
}

/** The same of complex features on the CPU, a frequency at a time; undefined for others, and where single precision does not do. */
function resolvents(V: Tensor, { counts, slots }: Segments, epsSq: number): Tensor | undefined {
  if (V.device !== "cpu" || !V.dtype.startsWith("complex") || V.requiresGrad) return undefined;
  const [operators, failed] = aten<[Tensor, Tensor]>("vitrine::resolvents", V, slots, counts, epsSq);
  return failed.item() === 0 ? operators : undefined;
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
 *
 * @see Chan et al. 2022, one layer, with the soft assignment of its test time
 */
export function stepLayer(V: Tensor, layer: Layer, spectrum: Spectrum, options: StepOptions): Stepped {
  return scope(() => {
    const { operators, gamma } = layer;
    const [P, n, C] = V.shape as [number, number, number];
    const K = gamma.numel;
    const applied = V.matmul(operators.reshape([P, (1 + K) * C, C]).T).reshape([P, n, 1 + K, C]); // E v, Cʲ v
    const misfits = spectrum.norm(applied.narrow(2, 1, K)).clamp(1e-8); //      [n, K]
    const memberships = misfits.mul(-options.sharpness).softmax(1); //          [n, K]
    const first = memberships.narrow(1, 0, 1).mul(0).add(1);
    const weights = cat([first, memberships.mul(gamma).neg()], 1).mul(options.eta); // [n, 1 + K]
    const change = weights.unsqueeze(1).matmul(realView(applied)).squeeze(2); // [P, n, C] as reals
    const moved = realView(V).add(change);
    return { V: spectrum.normalise(asLike(moved, V)), memberships };
  }, "step layer");
}

/** The inverse of `realView`. */
const asLike = (real: Tensor, V: Tensor): Tensor =>
  V.dtype.startsWith("complex") ? aten("view_as_complex", real.reshape([...V.shape, 2]).contiguous()) : real;
