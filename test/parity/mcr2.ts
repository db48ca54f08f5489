/** @file MCR² against the authors': −ΔR, R, Rᶜ and the gradient. The file holds the closed-loop losses too. */

import { mcr2Loss } from "../../src/rate/index.ts";
import { gradients } from "../../src/tensor/index.ts";
import { type Comparison, type Golden, relativeError, required } from "./golden.ts";

export function mcr2(golden: Golden): Comparison {
  const { eps, num_classes } = golden.config as { eps: number; num_classes: number };
  const Z = required(golden, "Z").to("float64").setRequiresGrad(); // as the reference was computed
  const parts = mcr2Loss(Z, required(golden, "labels"), num_classes, { precision: Math.sqrt(eps) });
  const named = { minus_delta_rate: parts.loss, rate: parts.expansion, class_rate: parts.compression };
  const outputs = new Map(
    Object.entries(named).map(([name, ours]) => [
      name,
      relativeError(ours, required(golden, `mcr2.${name}`)),
    ]),
  );
  const [gradient] = gradients(parts.loss, [Z]);
  return { outputs, gradients: new Map([["Z", relativeError(gradient!, required(golden, "mcr2.grad.Z"))]]) };
}
