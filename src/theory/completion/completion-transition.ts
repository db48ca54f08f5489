/** @file When the nuclear norm completes a matrix: a sharp transition in rank and share of known entries. */

import { type Random, scope } from "../../tensor/index.ts";
import { atLeast, atMost, type Claim, recorded, short } from "../claim.ts";
import { crowding, type ProblemSize, problem } from "./problem.ts";
import { admm, errors } from "./solvers.ts";

const SHARES = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];
/** Success fractions of an earlier run of 6 trials at n = 40, by rank. */
const REFERENCE: Record<number, readonly number[]> = {
  1: [0, 0.17, 0.5, 1, 1, 1, 1, 1, 1],
  2: [0, 0, 0.17, 0.67, 1, 1, 1, 1, 1],
  4: [0, 0, 0, 0, 0.5, 1, 1, 1, 1],
  6: [0, 0, 0, 0, 0, 0.5, 1, 1, 1],
  8: [0, 0, 0, 0, 0, 0, 0.33, 1, 1],
  10: [0, 0, 0, 0, 0, 0, 0.17, 0.83, 1],
  12: [0, 0, 0, 0, 0, 0, 0, 0.33, 1],
  16: [0, 0, 0, 0, 0, 0, 0, 0, 0.83],
  20: [0, 0, 0, 0, 0, 0, 0, 0, 0],
};
const RANKS = Object.keys(REFERENCE).map(Number);

/** Share of the problems that ADMM completes to a relative error of 1e-3; 0 where no method can. */
export function successes(random: Random, size: ProblemSize): number {
  if (crowding(size) > 1.02) return 0;
  return scope(() => {
    const given = problem(random, size);
    const right = errors(admm(given), given.M).filter((error) => error < 1e-3);
    return right.length / size.trials;
  });
}

export const completionTransition: Claim = {
  name: "completion-transition",
  title:
    "The nuclear norm completes a rank-r matrix from a share f of its entries up to a sharp line in (f, r)",
  source: "Candès and Recht 2009; low-rank completion as in Pai et al. 2024; E20",
  expected:
    "success where r(2n−r) ≤ .45 f n², f ≥ .7; failure above .8 f n²; the table of 6 trials to .06 on average",
  run({ random, quick }) {
    const n = 40;
    const trials = quick ? 2 : 6;
    const ranks = quick ? [1, 4, 8, 10, 20] : RANKS;
    const shares = quick ? [0.2, 0.4, 0.6, 0.9] : SHARES;
    const cells = ranks.flatMap((rank) => shares.map((share) => ({ n, rank, share, trials })));
    const found = cells.map((cell) => successes(random.at(`${cell.rank}.${cell.share}`), cell));
    const reference = cells.map(({ rank, share }) => REFERENCE[rank]![SHARES.indexOf(share)]!);
    const ofCells = (keep: (cell: ProblemSize) => boolean) => found.filter((_, i) => keep(cells[i]!));
    const easy = ofCells((cell) => crowding(cell) <= 0.45 && cell.share >= 0.7);
    const hard = ofCells((cell) => crowding(cell) >= 0.8);
    const difference =
      found.reduce((sum, value, i) => sum + Math.abs(value - reference[i]!), 0) / cells.length;
    const map = (title: string, values: readonly number[]) => ({
      ...{ kind: "map" as const, title, values, min: 0, max: 1, label: "share of matrices completed" },
      x: { label: "share of known entries f", names: shares.map(String) },
      y: { label: "rank r", names: ranks.map(String) },
      annotate: true,
    });
    return {
      measured: `least success below the line ${short(Math.min(...easy))}, largest above it ${short(Math.max(...hard))}; ${difference.toFixed(3)} from the table`,
      numbers: {
        "least success where r(2n−r) ≤ .45 f n² and f ≥ .7": atLeast(Math.min(...easy), 1),
        "largest success where r(2n−r) ≥ .8 f n²": atMost(Math.max(...hard), 0),
        // two trials are too few for a mean of fractions
        "mean difference from the table": quick ? recorded(difference) : atMost(difference, 0.06),
      },
      plot: {
        subtitle: `n = ${n}, ${trials} matrices per cell, by ADMM; success: relative error < 1e-3. At small f some rows have too few entries`,
        panels: [map("Measured", found), map("Expected, an earlier run of 6", reference)],
      },
    };
  },
};
