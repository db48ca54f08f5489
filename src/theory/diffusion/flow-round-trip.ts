/** @file There and back: L denoising steps and L diffusing steps return to the start, to first order in the step. */

import { type Random, scope } from "../../tensor/index.ts";
import { between, type Claim, near, short } from "../claim.ts";
import { relativeError } from "../closed-forms.ts";
import { expectedCurve } from "../plot.ts";
import { constant, flow, SETTING, type Setting, SMALL_SETTING, start } from "./flow.ts";

/** Relative error of the start after L steps of −∇Rᶜ and L of +∇Rᶜ, Σκ = 1/γ each way. */
export function roundTrip(random: Random, setting: Setting, L: number): number {
  return scope(() => {
    const { Z, U, gamma } = start(random, setting);
    const kappa = 1 / (gamma * L);
    const there = flow(Z, constant(kappa, L), gamma, () => U);
    return relativeError(
      flow(there, constant(-kappa, L), gamma, () => U),
      Z,
    );
  });
}

export const flowRoundTrip: Claim = {
  name: "flow-round-trip",
  title:
    "Diffusing undoes denoising: L steps of −κ∇Rᶜ and L of +κ∇Rᶜ return, with an error of first order in κ",
  source: "Pai et al. 2024, structured denoising and diffusion as a pair of flows; E11",
  expected: "the error halves when L doubles; .111, .0560, .0281, .0141, .00706 at ε = 1",
  run({ random, quick }) {
    const size = quick ? SMALL_SETTING : SETTING;
    const depths = [4, 8, 16, 32, 64];
    const precisions = [1, 0.5];
    const errors = precisions.map((epsilon) => depths.map((L) => roundTrip(random, { ...size, epsilon }, L)));
    const ratios = errors.flatMap((list) => list.slice(1).map((error, i) => list[i]! / error));
    const [first] = errors as [number[], number[]];
    return {
      measured: `errors at ε = 1: ${first.map(short).join(", ")}; ratios ${short(Math.min(...ratios))} to ${short(Math.max(...ratios))}`,
      numbers: {
        "least ratio of errors at L and 2L": between(Math.min(...ratios), 1.9, 2.1),
        "largest ratio of errors at L and 2L": between(Math.max(...ratios), 1.9, 2.1),
        ...(!quick && { "error at ε = 1, L = 64": near(first.at(-1)!, 0.00706, 0.0007) }),
      },
      plot: {
        subtitle: `d = ${size.K * size.p}, K = ${size.K}, p = ${size.p}, N = ${size.K * size.perSubspace}, σ = 0.05; Σκ = 1/γ each way`,
        panels: [
          {
            kind: "curves",
            x: { label: "layers L", scale: "log" },
            y: { label: "relative error of the round trip", scale: "log" },
            curves: [
              ...precisions.map((epsilon, i) => ({ name: `ε = ${epsilon}`, x: depths, y: errors[i]! })),
              expectedCurve(
                "∝ 1/L",
                depths,
                depths.map((L) => (first[0]! * 4) / L),
              ),
            ],
          },
        ],
      },
    };
  },
};
