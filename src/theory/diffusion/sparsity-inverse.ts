/** @file The decoder's dictionary undoes ISTA for η = 1 alone: then ISTA(z) = ReLU(Dᵀz − λ). */

import { ISTA } from "../../model/index.ts";
import { type Random, scope } from "../../tensor/index.ts";
import { atLeast, atMost, type Claim, short } from "../claim.ts";
import { relativeError } from "../closed-forms.ts";
import { level } from "../plot.ts";
import { normal, rotation } from "../sample.ts";

/** Relative error of D · ISTA(z) for an orthogonal D and tokens whose codes Dᵀz are positive (or of both signs). */
export function recoveryError(
  random: Random,
  d: number,
  { eta, lambda, positive }: { eta: number; lambda: number; positive: boolean },
): number {
  return scope(() => {
    const D = rotation(random.at("D"), d);
    const drawn = normal(random.at("codes"), [1, 2 * d, d]);
    const codes = positive ? drawn.abs().add(0.2) : drawn;
    const Z = codes.matmul(D.T); //                                             rows Dα
    using ista = new ISTA(D.clone(), { eta, lambda });
    return relativeError(ista.apply(Z).matmul(D.T), Z);
  });
}

export const sparsityInverse: Claim = {
  name: "sparsity-inverse",
  title: "The decoder's X = D Z undoes the encoder's ISTA(X) in an orthogonal dictionary D",
  source: "Pai et al. 2024, the decoder's sparsification half; E14",
  expected: "exact for η = 1, λ = 0 and Dᵀz ≥ 0; not for the code's η = .1, nor where codes are clipped",
  condition: {
    kind: "holds where",
    text: "η = 1, λ = 0 and Dᵀz ≥ 0; at η = .1 the layer is (1−η)I + ηDᵀ, whose inverse is not D",
  },
  run({ random, quick }) {
    const d = quick ? 24 : 96;
    const steps = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1];
    const cases = [
      { name: "λ = 0, codes ≥ 0", lambda: 0, positive: true },
      { name: "λ = 0.1, codes ≥ 0", lambda: 0.1, positive: true },
      { name: "λ = 0, codes of both signs", lambda: 0, positive: false },
    ];
    const found = cases.map((one) => steps.map((eta) => recoveryError(random, d, { eta, ...one })));
    const [clean, shifted, clipped] = found as [number[], number[], number[]];
    return {
      measured: `η = 1: ${short(clean.at(-1)!)}; with λ = .1 ${short(shifted.at(-1)!)}; clipped ${short(clipped.at(-1)!)}; η = .1: ${short(clean[0]!)}`,
      numbers: {
        "error at η = 1, λ = 0, codes ≥ 0": atMost(clean.at(-1)!, 1e-12),
        "error at η = 1, λ = .1": atLeast(shifted.at(-1)!, 0.02),
        "error at η = 1 with clipped codes": atLeast(clipped.at(-1)!, 0.3),
        "error at η = .1": atLeast(clean[0]!, 0.3),
      },
      plot: {
        subtitle: `d = ${d}, random orthogonal D`,
        panels: [
          {
            kind: "curves",
            x: { label: "step η" },
            y: { label: "relative error of D · ISTA(z)", min: 0 },
            curves: [
              ...cases.map(({ name }, i) => ({
                ...{ name, x: steps, y: found[i]! },
                ...(i > 0 && { role: "control" as const }),
              })),
              level("exact", steps, 0),
            ],
          },
        ],
      },
    };
  },
};
