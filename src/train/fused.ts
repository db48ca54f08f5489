/** @file libtorch's fused optimisers: one pass over weights, gradients and moments, where the plain rules take several. */

import { full, native, operator, runInPlace } from "../tensor/index.ts";
import type { TensorList } from "./foreach.ts";
import type { Rule } from "./rule.ts";

const ADAM = operator("_fused_adam_");
const ADAMW = operator("_fused_adamw_");
const SGD = operator("_fused_sgd_");
const ADAM_AT = operator("_fused_adam_.tensor_lr");
const ADAMW_AT = operator("_fused_adamw_.tensor_lr");
const SGD_AT = operator("_fused_sgd_.tensor_lr");

/** For CPUs they came with libtorch 2.4; some before it have the names and refuse. */
export function hasFused(): boolean {
  const [major, minor] = native().versions().torch.split(".").map(Number) as [number, number];
  return major > 2 || (major === 2 && minor >= 4);
}

/** Adam, by the rate on the device where there is one; AdamW where the decay is decoupled. Nothing where this libtorch has neither. */
export function fusedAdam(
  { betas, epsilon }: { betas: readonly [number, number]; epsilon: number },
  decoupled: boolean,
): Rule["fused"] {
  if (!hasFused()) return undefined;
  const [byNumber, byTensor] = decoupled ? [ADAMW, ADAMW_AT] : [ADAM, ADAM_AT];
  return ({ parameters, gradients, moments, step, lr, weightDecay, clock }, skip) => {
    const { exp_avg: m, exp_avg_sq: v } = moments as { exp_avg: TensorList; exp_avg_sq: TensorList };
    const count = clock?.step ?? full([], step, { device: parameters.tensors[0]!.device });
    const counts = new Int32Array(parameters.tensors.length).fill(count.h);
    const settings = [...betas, weightDecay, epsilon, false, false, null, skip?.h ?? null];
    const lists = [parameters.h, gradients.h, m.h, v.h, [], counts];
    if (clock === undefined) runInPlace(byNumber, ...lists, lr, ...settings);
    else runInPlace(byTensor, ...lists, clock.lr.h, ...settings);
  };
}

/** SGD with the momentum's buffer, if there is one, zero at the start. Nothing where this libtorch has none. */
export function fusedSgd(momentum: number): Rule["fused"] {
  if (!hasFused()) return undefined;
  return ({ parameters, gradients, moments, lr, weightDecay, clock }, skip) => {
    const m = moments.momentum_buffer?.h ?? [];
    const rate = clock?.lr.h ?? lr;
    const settings = [weightDecay, momentum, rate, 0, false, false, false, null, skip?.h ?? null];
    runInPlace(clock === undefined ? SGD : SGD_AT, parameters.h, gradients.h, m, ...settings);
  };
}
