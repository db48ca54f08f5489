/** @file Orthogonal classes, each spread evenly over its subspace: R, Rᶜ and ΔR in closed form, and nothing above them. */

import { classLabels } from "../../method/redunet/index.ts";
import { codingRate, rateAgainstClasses, segments } from "../../rate/index.ts";
import { cat, type Random, scope, type Tensor, zeros } from "../../tensor/index.ts";
import { atLeast, atMost, type Claim, near, short } from "../claim.ts";
import { expectedCurve, level } from "../plot.ts";
import { normal, orthonormal, rotation, WIDE } from "../sample.ts";

/** K classes of `count` unit features in d dimensions, class k in `ranks[k]` of them, with ε. */
export interface Configuration {
  d: number;
  count: number;
  ranks: readonly number[];
  epsilon: number;
}

/** ½ Σ rₖ ln(1 + (d/ε²)(nₖ/n)/rₖ), and ½ Σ (nₖ/n) rₖ ln(1 + (d/ε²)/rₖ) for classes of equal size. */
export function closedForm({ d, ranks, epsilon }: Omit<Configuration, "count">) {
  const [K, scale] = [ranks.length, d / epsilon ** 2];
  const rate = ranks.reduce((sum, r) => sum + (r / 2) * Math.log1p(scale / K / r), 0);
  const compression = ranks.reduce((sum, r) => sum + (r / (2 * K)) * Math.log1p(scale / r), 0);
  return { rate, compression, reduction: rate - compression };
}

/** The same from the library, on features that are so: count is a multiple of every rank. */
export function measuredRates(random: Random, { d, count, ranks, epsilon }: Configuration) {
  return scope(() => {
    const Q = rotation(random.at("Q"), d);
    let used = 0;
    const Z = cat(
      ranks.map((r, k) => {
        // rows of a tall orthonormal matrix, each scaled to length 1: repeated frames keep both exact
        const frame = rotation(random.at(`frame.${k}`), r);
        const rows = cat(Array.from({ length: count / r }, () => frame));
        const U = Q.narrow(1, used, r);
        used += r;
        return rows.matmul(U.T);
      }),
    );
    return ratesOf(Z, ranks.length, epsilon);
  });
}

function ratesOf(Z: Tensor, classes: number, epsilon: number) {
  const groups = segments(classLabels(classes, Z.size(0) / classes), classes);
  const rate = codingRate(Z, { epsilon }).item();
  const compression = rateAgainstClasses(Z, groups, { epsilon }).item();
  return { rate, compression, reduction: rate - compression };
}

/** ΔR of random unit features, classes in random subspaces of random dimension. */
export function randomReduction(random: Random, { d, count, ranks, epsilon }: Configuration): number {
  return scope(() => {
    const parts = ranks.map((r, k) => {
      const U = orthonormal(normal(random.at(`U.${k}`), [d, r]));
      const Z = normal(random.at(`Z.${k}`), [count, r]).matmul(U.T);
      return Z.div(Z.norm(-1, true));
    });
    return ratesOf(cat([...parts, zeros([0, d], WIDE)]), ranks.length, epsilon).reduction;
  });
}

export const optimalConfigurations: Claim = {
  name: "optimal-configurations",
  title:
    "ΔR has a closed form where classes are orthogonal and isotropic, and is largest where they share all dimensions",
  source: "Yu et al. 2020, theorem on optimal representations; rate of a configuration",
  expected: "closed forms to 1e-12; ΔR* = .8756 in the plane, 1.8798 in space, 50.83 for d = 128, K = 10",
  run({ random, quick }) {
    const [d, K, epsilon] = [24, 3, Math.SQRT1_2];
    const ranks = [1, 2, 3, 4, 6, 8];
    const forms = ranks.map((r) => closedForm({ d, ranks: [r, r, r], epsilon }));
    const found = ranks.map((r) =>
      measuredRates(random.at(`${r}`), { d, count: 48, ranks: [r, r, r], epsilon }),
    );
    const trials = quick ? 20 : 100;
    const others = ranks.map((r) =>
      Math.max(
        ...Array.from({ length: trials }, (_, t) =>
          randomReduction(random.at(`other.${r}.${t}`), { d, count: 48, ranks: [r, r, r], epsilon }),
        ),
      ),
    );
    const error = Math.max(
      ...found.flatMap((one, i) =>
        (["rate", "compression", "reduction"] as const).map((of) => Math.abs(one[of] / forms[i]![of] - 1)),
      ),
    );
    const toy = (classes: number) =>
      measuredRates(random.at(`toy.${classes}`), {
        ...{ d: classes, count: 20, epsilon: Math.sqrt(0.1) },
        ranks: Array.from({ length: classes }, () => 1),
      }).reduction;
    const [plane, space] = [toy(2), toy(3)];
    const wide = closedForm({ d: 128, ranks: new Array(10).fill(12.8), epsilon: Math.SQRT1_2 }).reduction;
    const best = forms.at(-1)!.reduction;
    const margin = best - Math.max(...others);
    return {
      measured: `closed forms within ${short(error)}; ${plane.toFixed(4)}, ${space.toFixed(4)}, ${wide.toFixed(2)}`,
      numbers: {
        "relative error of the closed forms": atMost(error, 1e-12),
        "ΔR* in the plane": near(plane, 0.8756, 5e-5),
        "ΔR* in space": near(space, 1.8798, 5e-5),
        "ΔR* of d = 128, K = 10": near(wide, 50.83, 5e-3),
        "optimum above the best random configuration": atLeast(margin, 0),
      },
      plot: {
        subtitle: `d = ${d}, K = ${K} classes of 48 unit features, ε² = ½; the optimum needs all dimensions: r = d/K`,
        panels: [
          {
            kind: "curves",
            x: { label: "dimensions per class r" },
            y: { label: "ΔR (nats)", min: 0 },
            curves: [
              { name: "orthogonal, isotropic classes", x: ranks, y: found.map(({ reduction }) => reduction) },
              { name: `best of ${trials} random configurations`, x: ranks, y: others, role: "control" },
              expectedCurve(
                "closed form",
                ranks,
                forms.map(({ reduction }) => reduction),
              ),
              level("optimum", ranks, best),
            ],
          },
        ],
      },
    };
  },
};
