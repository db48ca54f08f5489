/** @file Random problems of matrix completion: low-rank products, entries known independently. */

import type { Random } from "../../tensor/index.ts";
import { normal, WIDE } from "../sample.ts";
import type { Completion } from "./solvers.ts";

export interface ProblemSize {
  n: number;
  rank: number;
  /** f, the share of entries that is known. */
  share: number;
  /** B, how many problems. */
  trials: number;
}

/** M = A B with normal factors, each entry known with probability f. */
export function problem(random: Random, { n, rank, share, trials }: ProblemSize): Completion {
  const A = normal(random.at("A"), [trials, n, rank]);
  const B = normal(random.at("B"), [trials, rank, n]);
  const mask = random.at("mask").uniform([trials, n, n], 0, 1, WIDE).lt(share).to("float64");
  return { M: A.matmul(B), mask };
}

/** Degrees of freedom of a rank-r matrix over the known entries: r(2n − r) / (f n²). */
export const crowding = ({ n, rank, share }: Omit<ProblemSize, "trials">): number =>
  (rank * (2 * n - rank)) / (share * n * n);
