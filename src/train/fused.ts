/** @file libtorch's fused optimisers: one pass over weights, gradients and moments, where the plain rules take several. */

import { full, native, operator, runInPlace } from "../tensor/index.ts";
import type { TensorList } from "./foreach.ts";
import type { Rule } from "./rule.ts";

const ADAM = operator("_fused_adam_");
const ADAMW = operator("_fused_adamw_");
const SGD = operator("_fused_sgd_");

/** For CPUs they came with libtorch 2.4; some before it have the names and refuse. */
function areThere(): boolean {
  const [major, minor] = native().versions().torch.split(".").map(Number) as [number, number];
  return major > 2 || (major === 2 && minor >= 4);
}

/** Adam; AdamW where the decay is decoupled. Nothing where this libtorch has neither. */
export function fusedAdam(
  { betas, epsilon }: { betas: readonly [number, number]; epsilon: number },
  decoupled: boolean,
): Rule["fused"] {
  if (!areThere()) return undefined;
  return ({ parameters, gradients, moments, step, lr, weightDecay }, skip) => {
    const { exp_avg: m, exp_avg_sq: v } = moments as { exp_avg: TensorList; exp_avg_sq: TensorList };
    const count = full([], step, { device: parameters.tensors[0]!.device });
    const counts = new Int32Array(parameters.tensors.length).fill(count.h);
    const settings = [lr, ...betas, weightDecay, epsilon, false, false, null, skip?.h ?? null];
    runInPlace(decoupled ? ADAMW : ADAM, parameters.h, gradients.h, m.h, v.h, [], counts, ...settings);
  };
}

/** SGD with the momentum's buffer, if there is one, zero at the start. Nothing where this libtorch has none. */
export function fusedSgd(momentum: number): Rule["fused"] {
  if (!areThere()) return undefined;
  return ({ parameters, gradients, moments, lr, weightDecay }, skip) => {
    const m = moments.momentum_buffer?.h ?? [];
    const settings = [weightDecay, momentum, lr, 0, false, false, false, null, skip?.h ?? null];
    runInPlace(SGD, parameters.h, gradients.h, m, ...settings);
  };
}
