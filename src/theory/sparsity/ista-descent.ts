/** @file ISTA descends on the lasso it comes from, up to a step of 1/λ_max(DᵀD); one step is one layer. */

import { ISTA } from "../../model/index.ts";
import { kaimingUniform } from "../../nn/index.ts";
import { type Random, scope } from "../../tensor/index.ts";
import { atLeast, atMost, type Claim, short } from "../claim.ts";
import { largestDifference } from "../closed-forms.ts";
import { expectedCurve } from "../plot.ts";
import { normal } from "../sample.ts";
import { curvatureOf, fista, istaCourse, type Lasso, lassoStep } from "./lasso.ts";

/** A problem as a layer at its start has it: D from Kaiming's distribution, normalised tokens. */
function layerProblem(random: Random, n: number, d: number, lambda = 0.1): Lasso {
  return {
    Y: normal(random.at("Y"), [n, d]),
    D: kaimingUniform([d, d], random.at("D")).to("float64"),
    lambda,
  };
}

/** Largest rise of the objective in one step, over its start, from A = Y. */
export function largestRise(
  random: Random,
  [n, d]: readonly [number, number],
  share: number,
  steps: number,
): number {
  return scope(() => {
    const lasso = layerProblem(random, n, d);
    const course = istaCourse(lasso, lasso.Y.relu(), share / curvatureOf(lasso), steps);
    return Math.max(...course.slice(1).map((value, k) => value - course[k]!)) / course[0]!;
  });
}

export const istaDescent: Claim = {
  name: "ista-descent",
  title: "Each step of ISTA lowers ½‖Y − DA‖² + λ‖A‖₁ for η ≤ 1/λ_max(DᵀD), and too large a step breaks it",
  source: "Yu et al. 2023, the ISTA block; Beck and Teboulle 2009; E15",
  expected: "monotone; gap to FISTA within ‖A⁰ − A*‖²/(2ηk); diverging at 4/λ_max; a layer is one step",
  run({ random, quick }) {
    const [n, d] = quick ? [16, 24] : [64, 64];
    return scope(() => {
      const lasso = layerProblem(random, n, d);
      const begin = lasso.Y.relu();
      const limit = 1 / curvatureOf(lasso);
      const { values: fast, solution } = fista(lasso, begin, quick ? 2000 : 4000);
      const best = Math.min(...fast);
      const steps = 200;
      const courses = [0.5, 1, 4].map((share) => istaCourse(lasso, begin, share * limit, steps));
      const rises = courses.map((course) =>
        Math.max(...course.slice(1).map((value, k) => (value - course[k]!) / course[0]!)),
      );
      const distance = begin.sub(solution).square().sum().item();
      const k = Array.from({ length: steps }, (_, i) => i + 1);
      const gap = (course: readonly number[]) => k.map((i) => Math.max(course[i]! - best, 1e-12));
      const bound = k.map((i) => distance / (2 * limit * i));
      const excess = Math.max(...gap(courses[1]!).map((value, i) => value / bound[i]!));
      using layer = new ISTA(lasso.D.clone(), { eta: 0.1, lambda: lasso.lambda });
      const coded = layer.apply(lasso.Y.unsqueeze(0)).squeeze(0);
      const difference = largestDifference(coded, lassoStep(lasso, lasso.Y, 0.1));
      const broken = courses[2]!.at(-1)! / courses[2]![0]!;
      return {
        measured: `largest rise ${short(Math.max(rises[0]!, rises[1]!))} of the start; at 4/λ_max ${short(broken)} times the start; η = 0.1 is ${short(0.1 / limit)}/λ_max`,
        numbers: {
          "largest rise at η = ½/λ_max and 1/λ_max": atMost(Math.max(rises[0]!, rises[1]!), 1e-12),
          "gap over its bound, the largest": atMost(excess, 1),
          "objective at η = 4/λ_max over the start": atLeast(broken, 10),
          "one layer against one step": atMost(difference, 1e-12),
          "the authors' η = 0.1 over 1/λ_max": atMost(0.1 / limit, 1),
        },
        plot: {
          subtitle: `n = ${n}, d = ${d}, D as a layer starts with it, λ = ${lasso.lambda}; from A⁰ = ReLU(Y)`,
          panels: [
            {
              kind: "curves",
              x: { label: "step k", scale: "log" },
              y: { label: "objective − least", scale: "log", min: 1e-6, max: 1e5 },
              curves: [
                { name: "ISTA, η = ½/λ_max", x: k, y: gap(courses[0]!), marker: "none" },
                { name: "ISTA, η = 1/λ_max", x: k, y: gap(courses[1]!), marker: "none" },
                { name: "FISTA", x: k, y: gap(fast), marker: "none" },
                { name: "ISTA, η = 4/λ_max", x: k, y: gap(courses[2]!), role: "control", marker: "none" },
                expectedCurve("bound for η = 1/λ_max", k, bound),
              ],
            },
          ],
        },
      };
    });
  },
};
