/** @file What a layer's Z + MSSA(Z) does to Rᶜ: the derived step lowers it, the coded one raises it. */

import { type Random, scope, type Tensor } from "../../tensor/index.ts";
import { atLeast, atMost, type Claim } from "../claim.ts";
import { attention, compressionGradient, compressionRate, gammaOf } from "../closed-forms.ts";
import { bases, tokensOn } from "../sample.ts";

/** Steps from noisy unit tokens, by name; the last two after every token is scaled to length 1. */
export const STEPS = [
  "Z − .2 ∇R^c",
  ".9 Z + .1 M",
  ".5 Z + .5 M",
  "Z + M",
  "Z − M",
  "unit Z + M",
  "unit Z − M",
] as const;

/** Relative change of Rᶜ by each step. */
export function rateChanges(
  random: Random,
  { K, p, perSubspace }: { K: number; p: number; perSubspace: number },
): Record<(typeof STEPS)[number], number> {
  return scope(() => {
    const U = bases(random.at("U"), [K, K * p, p]);
    const { Z } = tokensOn(U, random, { perSubspace, noise: 0.05 });
    const gamma = gammaOf(Z.size(0), p, 0.5);
    const rate = (X: Tensor) => compressionRate(X, U, gamma).item();
    const unit = (X: Tensor) => X.div(X.norm(-1, true));
    const step = attention(Z, U);
    const [raw, scaled] = [rate(Z), rate(unit(Z))];
    return {
      "Z − .2 ∇R^c": rate(Z.sub(compressionGradient(Z, U, gamma).mul(0.2))) / raw - 1,
      ".9 Z + .1 M": rate(Z.mul(0.9).add(step.mul(0.1))) / raw - 1,
      ".5 Z + .5 M": rate(Z.mul(0.5).add(step.mul(0.5))) / raw - 1,
      "Z + M": rate(Z.add(step)) / raw - 1,
      "Z − M": rate(Z.sub(step)) / raw - 1,
      "unit Z + M": rate(unit(Z.add(step))) / scaled - 1,
      "unit Z − M": rate(unit(Z.sub(step))) / scaled - 1,
    };
  });
}

export const attentionStep: Claim = {
  name: "attention-step",
  title: "A layer's Z + MSSA(Z) is a descent step on Rᶜ",
  source: "Yu et al. 2023, the compression step, against the authors' code; Hu et al. 2024; E6",
  expected: "∇Rᶜ and (1−β)Z + β MSSA lower Rᶜ; Z + MSSA raises it, but lowers it for tokens of length 1",
  condition: {
    kind: "fails as understood",
    text: "the code drops the factors (1−κγ) and κγ: scale grows, and only directions are compressed",
  },
  run({ random, quick }) {
    const sizes = quick ? { K: 4, p: 12, perSubspace: 6 } : { K: 6, p: 16, perSubspace: 8 };
    const trials = quick ? 5 : 20;
    const all = Array.from({ length: trials }, (_, t) => rateChanges(random.at(`${t}`), sizes));
    const values = (step: (typeof STEPS)[number]) => all.map((one) => one[step]);
    const mean = (step: (typeof STEPS)[number]) => values(step).reduce((a, b) => a + b, 0) / trials;
    const percent = (step: (typeof STEPS)[number]) => `${(100 * mean(step)).toFixed(1)} %`;
    return {
      measured: `∇Rᶜ ${percent("Z − .2 ∇R^c")}, convex ${percent(".5 Z + .5 M")}, as coded ${percent("Z + M")}, as coded at length 1 ${percent("unit Z + M")}`,
      numbers: {
        "gradient step, the largest change": atMost(Math.max(...values("Z − .2 ∇R^c")), -0.05),
        "convex step β = .1, the largest change": atMost(Math.max(...values(".9 Z + .1 M")), -0.05),
        "convex step β = .5, the largest change": atMost(Math.max(...values(".5 Z + .5 M")), -0.3),
        "Z + MSSA, the least change": atLeast(Math.min(...values("Z + M")), 0.01),
        "Z + MSSA at length 1, the largest change": atMost(Math.max(...values("unit Z + M")), 0),
        "Z − MSSA at length 1, the least change": atLeast(Math.min(...values("unit Z − M")), 0),
      },
      plot: {
        subtitle: `d = ${sizes.K * sizes.p}, K = ${sizes.K}, p = ${sizes.p}, N = ${sizes.K * sizes.perSubspace}, σ = 0.05, ε = 0.5; mean of ${trials} draws`,
        panels: [
          {
            kind: "bars",
            x: { label: "step, M = MSSA(Z); unit: tokens scaled to length 1" },
            y: { label: "relative change of R^c", format: "percent" },
            categories: [...STEPS],
            series: [{ name: "change", values: STEPS.map(mean) }],
          },
        ],
      },
    };
  },
};
