/** @file Where a network first stops being finite. */

import { type Module, modulePaths, record } from "../nn/index.ts";
import { noGrad, scope, type Tensor } from "../tensor/index.ts";

/** The first module, in the order of computation, whose output is not finite, by its path; undefined when all are. */
export function firstNotFinite(module: Module, ...inputs: Tensor[]): string | undefined {
  return scope(() =>
    noGrad(() => {
      const bad = inputs.findIndex((input) => input.isFinite().all().item() === 0);
      if (bad >= 0) return "the input";
      for (const [name, parameter] of module.namedParameters())
        if (parameter.isFinite().all().item() === 0) return `the parameter ${name}`;
      const { found } = record(module, modulePaths(module), () => module.apply(...inputs), "allowed");
      const path = [...found].find(([, tensor]) => tensor.isFinite().all().item() === 0)?.[0];
      for (const tensor of found.values()) tensor.dispose();
      return path === undefined ? undefined : `the output of ${path === "" ? "the network" : path}`;
    }),
  );
}
