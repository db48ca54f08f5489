/** @file R(Z) is the same from the d × d and from the n × n matrix. */

import { codingRate } from "../../rate/index.ts";
import { type Random, scope } from "../../tensor/index.ts";
import { atMost, type Claim, short } from "../claim.ts";
import { rateByFeatures, rateByTokens } from "../closed-forms.ts";
import { level } from "../plot.ts";
import { normal } from "../sample.ts";

const LIMIT = 1e-10;

/** Largest relative difference between R as the library computes it, by features and by tokens, of Z [n, d]. */
export function disagreement(random: Random, [n, d]: readonly [number, number], epsilon: number): number {
  return scope(() => {
    const Z = normal(random, [n, d]);
    const alpha = d / (n * epsilon ** 2);
    const rates = [codingRate(Z, { epsilon }), rateByFeatures(Z, alpha), rateByTokens(Z, alpha)];
    const values = rates.map((rate) => rate.item());
    return (Math.max(...values) - Math.min(...values)) / Math.abs(values[0]!);
  });
}

export const logDetIdentity: Claim = {
  name: "log-det-identity",
  title: "½ log det(I + α ZᵀZ) = ½ log det(I + α ZZᵀ): the rate may be computed on the smaller side",
  source: "Yu et al. 2020, Sylvester's identity for the coding rate; E1",
  expected: "equal to 1e-10, whichever side is smaller",
  run({ random, quick }) {
    const size = quick ? 32 : 128;
    const shapes = [
      [size, size / 8],
      [size, size],
      [size / 8, size],
    ] as const;
    const precisions = [4, 2, 1, 0.5, 0.2, 0.1];
    const curves = shapes.map((shape) => ({
      name: `n = ${shape[0]}, d = ${shape[1]}`,
      x: precisions,
      // exact equality has no place on a log axis
      y: precisions.map((epsilon) => Math.max(1e-17, disagreement(random.at(`${shape}`), shape, epsilon))),
    }));
    const worst = Math.max(...curves.flatMap(({ y }) => y));
    return {
      measured: `relative difference at most ${short(worst)}`,
      numbers: { "largest relative difference": atMost(worst, LIMIT) },
      plot: {
        subtitle: "the library, the d × d form and the n × n form, standard normal Z",
        panels: [
          {
            kind: "curves",
            x: { label: "ε", scale: "log" },
            y: { label: "largest relative difference", scale: "log" },
            curves: [...curves, level("limit", precisions, LIMIT)],
          },
        ],
      },
    };
  },
};
