/** @file SVT, ADMM and soft-impute solve the same problem: they agree, and find the matrix where it can be found. */

import { type Random, scope } from "../../tensor/index.ts";
import { atLeast, atMost, type Claim, short } from "../claim.ts";
import { level } from "../plot.ts";
import { type ProblemSize, problem } from "./problem.ts";
import { admm, errors, nuclearNorm, softImpute, svt } from "./solvers.ts";

export interface Agreement {
  /** ‖X − M‖/‖M‖, the worst of the batch. */
  admm: number;
  svt: number;
  softImpute: number;
  /** Largest relative difference of the nuclear norms of ADMM's and soft-impute's solutions. */
  norms: number;
  /** Largest ‖X‖_* / ‖M‖_* of ADMM's: a minimum is not above. */
  ratio: number;
}

/** The three solvers on one batch of problems. */
export function compareSolvers(random: Random, size: ProblemSize, iterations: number): Agreement {
  return scope(() => {
    const given = problem(random, size);
    const solutions = { admm: admm(given), svt: svt(given, iterations), softImpute: softImpute(given, 400) };
    const norms = [solutions.admm, solutions.softImpute, given.M].map((X) => nuclearNorm(X));
    const [a, s, m] = norms as [(typeof norms)[0], (typeof norms)[0], (typeof norms)[0]];
    const worst = (X: typeof given.M) => Math.max(...errors(X, given.M));
    return {
      admm: worst(solutions.admm),
      svt: worst(solutions.svt),
      softImpute: worst(solutions.softImpute),
      norms: a.sub(s).abs().div(a).max().item(),
      ratio: a.div(m).max().item(),
    };
  });
}

export const completionSolvers: Claim = {
  name: "completion-solvers",
  title:
    "SVT, ADMM and soft-impute find the same matrix of least nuclear norm, and it is the right one given enough entries",
  source:
    "Cai, Candès and Shen 2010; Mazumder, Hastie and Tibshirani 2010; low-rank completion as in Pai et al. 2024",
  expected: "all within 1e-3 of M for f ≥ .8; least norms equal to 1e-3 everywhere, never above ‖M‖_*",
  condition: {
    kind: "holds where",
    text: "enough entries are known; with fewer the least norm is below ‖M‖_*, at another matrix",
  },
  run({ random, quick }) {
    const [n, rank, trials] = [40, 3, quick ? 1 : 2];
    const shares = quick ? [0.2, 0.5, 0.8, 0.9] : [0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];
    const found = shares.map((share) =>
      compareSolvers(random.at(`${share}`), { n, rank, share, trials }, 1500),
    );
    const good = found.filter((_, i) => shares[i]! >= 0.8);
    const worst = Math.max(...good.flatMap(({ admm, svt, softImpute }) => [admm, svt, softImpute]));
    const norms = Math.max(...found.map((one) => one.norms));
    const curve = (name: string, of: "admm" | "svt" | "softImpute") => ({
      ...{ name, x: shares, y: found.map((one) => one[of]) },
    });
    return {
      measured: `within ${short(worst)} given enough entries; least norms within ${short(norms)}, at f = ${shares[0]} ${short(found[0]!.ratio)} ‖M‖_*`,
      numbers: {
        "largest error given enough entries": atMost(worst, 1e-3),
        "largest relative difference of the least norms": atMost(norms, 1e-3),
        "largest ‖X‖_*/‖M‖_*": atMost(Math.max(...found.map(({ ratio }) => ratio)), 1 + 1e-6),
        "ADMM's error at the least share": atLeast(found[0]!.admm, 0.1),
      },
      plot: {
        subtitle: `n = ${n}, rank ${rank}, ${trials} matrices for each share, the worst of them`,
        panels: [
          {
            kind: "curves",
            x: { label: "share of known entries f" },
            y: { label: "‖X − M‖ / ‖M‖", scale: "log" },
            curves: [
              curve("ADMM", "admm"),
              curve("singular-value thresholding", "svt"),
              curve("soft-impute", "softImpute"),
              level("recovered", shares, 1e-3),
            ],
          },
        ],
      },
    };
  },
};
