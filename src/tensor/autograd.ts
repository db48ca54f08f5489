/** @file Gradients as values: nothing accumulates in hidden fields. */

import { UsageError } from "../base/errors.ts";
import { handles } from "./create.ts";
import { native } from "./native.ts";
import { wrap } from "./run.ts";
import type { Tensor } from "./tensor.ts";

export interface GradientOptions {
  /** The gradient of what follows the loss; needed where the loss is not a single number. */
  outer?: Tensor;
  /** Record the gradients themselves, for second derivatives. */
  createGraph?: boolean;
  /** Keep the loss's graph, to ask again. */
  retainGraph?: boolean;
}

/**
 * ∂loss/∂p for every p, in the order given.
 *
 * @throws {UsageError} a parameter that the loss does not depend on, by its position
 * @example const [dx] = gradients(x.square().sum(), [x]); // 2x
 */
export function gradients(
  loss: Tensor,
  parameters: readonly Tensor[],
  options: GradientOptions = {},
): Tensor[] {
  return partialGradients(loss, parameters, options).map((gradient, i) => {
    if (gradient !== null) return gradient;
    throw new UsageError(
      `gradients: the loss does not depend on parameter ${i}, ${parameters[i]!.describe()}`,
    );
  });
}

/** As `gradients`, with `null` where the loss does not depend on a parameter. */
export function partialGradients(
  loss: Tensor,
  parameters: readonly Tensor[],
  options: GradientOptions = {},
): (Tensor | null)[] {
  const { outer, createGraph = false, retainGraph = false } = options;
  const outers = outer === undefined ? null : [outer.h];
  const found = native().gradients([loss.h], handles(parameters), outers, createGraph, retainGraph);
  return found.map((handle) => (handle === null ? null : wrap(handle)));
}

/** Runs `body` without recording for gradients. */
export function noGrad<T>(body: () => T): T {
  const before = native().setGradMode(false);
  try {
    return sync("noGrad", body());
  } finally {
    native().setGradMode(before);
  }
}

/**
 * Runs `body` with products in a lower precision ("bfloat16"); reductions and log-determinants stay wide.
 * With `null`, products inside are in the precision of what they are given, whatever is around.
 */
export function autocast<T>(dtype: "bfloat16" | "float16" | null, device: string, body: () => T): T {
  const before = native().setAutocast(device, dtype, true);
  try {
    return sync("autocast", body());
  } finally {
    native().setAutocast(device, before, false);
  }
}

function sync<T>(name: string, result: T): T {
  if (result instanceof Promise)
    throw new UsageError(`${name}: expected a value, got a promise; await outside`);
  return result;
}
