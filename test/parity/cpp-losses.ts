/** @file CPP's membership, losses and coding length against the authors': values, gradients in Z. */

import { codingLength, codingRate, membership, mlcLoss } from "../../src/rate/index.ts";
import { gradients, type Tensor } from "../../src/tensor/index.ts";
import { type Comparison, type Golden, relativeError, required } from "./golden.ts";

export function cppLosses(golden: Golden): Comparison {
  const config = golden.config as Record<
    "eps" | "sinkhorn_eta" | "sinkhorn_iterations" | "coding_length_eps",
    number
  >;
  const epsilon = Math.sqrt(config.eps); // their eps is ε²
  const Z = required(golden, "Z").to("float64").setRequiresGrad();
  const C = required(golden, "cluster_features").to("float64");

  const outputs = new Map<string, number>();
  const errors = new Map<string, number>();
  const compare = (name: string, ours: Tensor) =>
    outputs.set(name, relativeError(ours, required(golden, name)));
  const compareGradient = (name: string, loss: Tensor) => {
    errors.set(name, relativeError(gradients(loss, [Z])[0]!, required(golden, name)));
  };

  const Pi = membership(C, {
    temperature: config.sinkhorn_eta,
    halfSteps: config.sinkhorn_iterations,
  });
  compare("membership", Pi);
  const { loss, expansion, compression } = mlcLoss(Z, Pi, { epsilon, penalty: 0 }); // theirs comes without it
  compare("loss", loss);
  compare("expand", expansion);
  compare("compress", compression);
  compareGradient("grad.Z", loss);
  const warmup = codingRate(Z, { epsilon }).neg();
  compare("warmup.loss", warmup);
  compareGradient("warmup.grad.Z", warmup);
  const segments = required(golden, "segments");
  const count = Math.max(...segments.numbers()) + 1;
  const length = codingLength(Z, segments, count, { epsilon: Math.sqrt(config.coding_length_eps) });
  compare("coding_length", length);
  return { outputs, gradients: errors };
}
