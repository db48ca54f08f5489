/** @file Where a network first stops being finite. */

import { type Module, modulePaths, record } from "../nn/index.ts";
import { type Group, noGrad, scope, type Tensor } from "../tensor/index.ts";

/**
 * The first tensor that is not finite: an input, a parameter, or the output of a module in the order of computation, in
 * words; undefined when all are finite.
 * @param body what runs the module; its application to the inputs unless given
 */
export function firstNotFinite(
  module: Module,
  inputs: readonly Tensor[],
  body: () => unknown = () => module.apply(...inputs),
): string | undefined {
  return scope(() =>
    noGrad(() => {
      const bad = inputs.findIndex((input) => input.isFinite().all().item() === 0);
      if (bad >= 0) return "the input";
      for (const [name, parameter] of module.namedParameters())
        if (parameter.isFinite().all().item() === 0) return `the parameter ${name}`;
      const { found } = record(module, modulePaths(module), body, "allowed");
      const path = [...found].find(([, tensor]) => tensor.isFinite().all().item() === 0)?.[0];
      for (const tensor of found.values()) tensor.dispose();
      return path === undefined ? undefined : `the output of ${path === "" ? "the network" : path}`;
    }),
  );
}

/**
 * The first rank whose loss is not finite, and where its network stops being; nothing where all are finite. Every rank calls
 * it, and runs the body where inputs and parameters are finite: what that asks of the others is answered.
 */
export function placeAmong(
  group: Group,
  value: number,
  module: Module,
  inputs: readonly Tensor[],
  body: () => unknown,
): { rank: number; value: number; place: string | undefined } | undefined {
  const values = group.numbers([value]).flat();
  const rank = values.findIndex((each) => !Number.isFinite(each));
  if (rank < 0) return undefined;
  const given = group.text(firstNotFinite(module, inputs, () => {}) ?? "", rank);
  const place = given === "" ? group.text(firstNotFinite(module, [], body) ?? "", rank) : given;
  return { rank, value: values[rank]!, place: place === "" ? undefined : place };
}
