/** @file The decoder's half step undoes the encoder's, to second order in its size. */

import { type Random, scope } from "../../tensor/index.ts";
import { between, type Claim, near, short } from "../claim.ts";
import { attention, relativeError, slope } from "../closed-forms.ts";
import { expectedCurve } from "../plot.ts";
import { SETTING, type Setting, SMALL_SETTING, start } from "./flow.ts";

/** Relative error of (1+β)Z̃ − β MSSA(Z̃) after Z̃ = (1−β)Z + β MSSA(Z). */
export function inversionError(random: Random, setting: Omit<Setting, "epsilon">, beta: number): number {
  return scope(() => {
    const { Z, U } = start(random, { ...setting, epsilon: 1 });
    const there = Z.mul(1 - beta).add(attention(Z, U).mul(beta));
    return relativeError(there.mul(1 + beta).sub(attention(there, U).mul(beta)), Z);
  });
}

export const compressionInverse: Claim = {
  name: "compression-inverse",
  title: "(1+β)Z̃ − β MSSA(Z̃) undoes (1−β)Z + β MSSA(Z), with an error of second order in β",
  source: "Pai et al. 2024, the decoder's compression half; E14",
  expected: "exponent 2; .0321 at β = .2, .00783 at .1, .00193 at .05",
  run({ random, quick }) {
    const size = quick ? SMALL_SETTING : SETTING;
    const betas = [0.4, 0.2, 0.1, 0.05, 0.025, 0.0125];
    const errors = betas.map((beta) => inversionError(random, size, beta));
    const exponent = slope(betas.slice(1), errors.slice(1));
    return {
      measured: `exponent ${short(exponent)}; ${errors.slice(1, 4).map(short).join(", ")}`,
      numbers: {
        "exponent for β ≤ .2": between(exponent, 1.95, 2.1),
        ...(!quick && {
          "error at β = .2": near(errors[1]!, 0.0321, 0.003),
          "error at β = .1": near(errors[2]!, 0.00783, 0.0008),
          "error at β = .05": near(errors[3]!, 0.00193, 0.0002),
        }),
      },
      plot: {
        subtitle: `d = ${size.K * size.p}, K = ${size.K}, p = ${size.p}, N = ${size.K * size.perSubspace}, σ = 0.05`,
        panels: [
          {
            kind: "curves",
            x: { label: "step β", scale: "log" },
            y: { label: "relative error of the inverse", scale: "log" },
            curves: [
              { name: "measured", x: betas, y: errors },
              expectedCurve(
                "∝ β²",
                betas,
                betas.map((beta) => errors.at(-1)! * (beta / betas.at(-1)!) ** 2),
              ),
            ],
          },
        ],
      },
    };
  },
};
