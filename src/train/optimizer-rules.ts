/** @file The rules of SGD, LARS, Adam, AdamW, Lion and Muon: what a step does to parameters of one learning rate. */

import { ones, type Tensor } from "../tensor/index.ts";
import { TensorList } from "./foreach.ts";
import { fusedAdam, fusedSgd } from "./fused.ts";
import { orthogonalised } from "./orthogonalised.ts";
import type { Rule, Update } from "./rule.ts";

type RuleMaker = (options: {
  momentum: number | undefined;
  trust: number;
  epsilon: number;
  betas: readonly [number, number] | undefined;
}) => Rule;

/**
 * m ← β₁m + (1−β₁)g,  v ← β₂v + (1−β₂)g²,  p ← p − lr · m̂ / (√v̂ + ε),   m̂ = m/(1−β₁ᵗ), v̂ = v/(1−β₂ᵗ)
 * @see Kingma and Ba 2015
 */
function adamStep(
  { parameters, gradients, moments, step, lr }: Update,
  [b1, b2]: readonly [number, number],
  epsilon: number,
): void {
  const { exp_avg: m, exp_avg_sq: v } = moments as { exp_avg: TensorList; exp_avg_sq: TensorList };
  m.mul_(b1).add_(gradients, 1 - b1);
  v.mul_(b2).addProduct_(gradients, gradients, 1 - b2);
  const denominator = v
    .sqrt()
    .mul_(1 / Math.sqrt(1 - b2 ** step))
    .add_(epsilon);
  parameters.addQuotient_(m, denominator, -lr / (1 - b1 ** step));
}

/**
 * What each gradient is multiplied by, [tensors]: min(1, τ ‖p‖ / ((‖g‖ + wd ‖p‖) lr)); 1 for a weight that is zero, 0 for
 * a gradient that is.
 */
function trustRatios(p: TensorList, g: TensorList, trust: number, weightDecay: number, lr: number): Tensor {
  const [sizes, slopes] = [p.norms(), g.norms()];
  const ratios = sizes.mul(trust / lr).div(slopes.add(sizes.mul(weightDecay)).add(1e-8));
  const one = ones([], { dtype: ratios.dtype, device: ratios.device });
  return ratios.clamp(null, 1).where(sizes.gt(0), one).mul(slopes.gt(0));
}

export const RULES: Record<string, RuleMaker> = {
  /** g ← g + wd · p;  m ← μm + g;  p ← p − lr · m */
  sgd: ({ momentum = 0 }) => ({
    moments: momentum > 0 ? ["momentum_buffer"] : [],
    update({ parameters, gradients, moments, lr, weightDecay }) {
      const decayed = weightDecay > 0 ? gradients.add(parameters, weightDecay) : gradients;
      const direction = moments.momentum_buffer?.mul_(momentum).add_(decayed) ?? decayed;
      parameters.add_(direction, -lr);
    },
    fused: fusedSgd(momentum),
  }),
  /**
   * SGD whose steps are in proportion to the weights: g ← (g + wd · p) · min(1, τ ‖p‖ / ((‖g‖ + wd ‖p‖) lr)) for every
   * tensor of two dimensions or more. Biases and norms are neither decayed nor scaled.
   * @see You et al. 2017, layer-wise rates, clipped at the learning rate
   */
  lars: ({ momentum = 0, trust }) => ({
    moments: ["momentum_buffer"],
    update({ parameters, gradients, moments, lr, weightDecay }) {
      const weights = parameters.tensors.flatMap((parameter, i) => (parameter.dim > 1 ? [i] : []));
      const direction = [...gradients.tensors];
      if (weights.length > 0) {
        const [p, g] = [parameters, gradients].map(
          (list) => new TensorList(weights.map((i) => list.tensors[i]!)),
        ) as [TensorList, TensorList];
        const ratios = trustRatios(p, g, trust, weightDecay, lr);
        const scaled = g.add(p, weightDecay).mulEach(ratios.unbind(0));
        weights.forEach((i, at) => {
          direction[i] = scaled.tensors[at]!;
        });
      }
      const moment = moments.momentum_buffer!.mul_(momentum).add_(new TensorList(direction));
      parameters.add_(moment, -lr);
    },
  }),
  /** Adam with L2 regularisation: g ← g + wd · p first. */
  adam: ({ betas = [0.9, 0.999], epsilon }) => ({
    moments: ["exp_avg", "exp_avg_sq"],
    update(input) {
      const { gradients, parameters, weightDecay } = input;
      const decayed = weightDecay > 0 ? gradients.add(parameters, weightDecay) : gradients;
      adamStep({ ...input, gradients: decayed }, betas, epsilon);
    },
    fused: fusedAdam({ betas, epsilon }, false),
  }),
  /** Adam after p ← p (1 − lr · wd). @see Loshchilov and Hutter 2019 */
  adamw: ({ betas = [0.9, 0.999], epsilon }) => ({
    moments: ["exp_avg", "exp_avg_sq"],
    update(input) {
      if (input.weightDecay > 0) input.parameters.mul_(1 - input.lr * input.weightDecay);
      adamStep(input, betas, epsilon);
    },
    fused: fusedAdam({ betas, epsilon }, true),
  }),
  /** p ← p (1 − lr · wd) − lr · sign(β₁m + (1−β₁)g);  m ← β₂m + (1−β₂)g. @see Chen et al. 2023 */
  lion: ({ betas: [b1, b2] = [0.9, 0.99] }) => ({
    moments: ["exp_avg"],
    update({ parameters, gradients, moments, lr, weightDecay }) {
      const m = moments.exp_avg!;
      if (weightDecay > 0) parameters.mul_(1 - lr * weightDecay);
      const mixed = m.mul(b1).add_(gradients, 1 - b1);
      parameters.add_(mixed.sign(), -lr);
      m.mul_(b2).add_(gradients, 1 - b2);
    },
  }),
  /**
   * For matrices: m ← μm + (1−μ)g;  p ← p (1 − lr · wd) − lr · ⅕ √max(rows, columns) · orthogonal(μm + (1−μ)g)
   *
   * The scale gives an update the size that AdamW's has, so that one rate serves both.
   * @see Liu et al. 2025, the update with the scale that matches AdamW's
   */
  muon: ({ momentum: mu = 0.95 }) => ({
    moments: ["momentum_buffer"],
    update({ parameters, gradients, moments, lr, weightDecay }) {
      const m = moments.momentum_buffer!.mul_(mu).add_(gradients, 1 - mu);
      if (weightDecay > 0) parameters.mul_(1 - lr * weightDecay);
      const ahead = m.mul(mu).add_(gradients, 1 - mu);
      const directions = ahead.tensors.map((direction) =>
        orthogonalised(direction).mul(Math.sqrt(Math.max(direction.size(0), direction.size(1))) / 5),
      );
      parameters.add_(new TensorList(directions), -lr);
    },
  }),
};
