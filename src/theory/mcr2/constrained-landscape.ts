/** @file Where gradient ascent on ΔR ends when each class has a fixed energy: orthogonal classes with flat spectra. */

import { aten, type Random, scope, type Tensor } from "../../tensor/index.ts";
import { atLeast, atMost, type Claim, short } from "../claim.ts";
import { type Curve, level } from "../plot.ts";
import { normal } from "../sample.ts";
import { byClass, type Landscape, reductionGradient, reductions } from "./two-classes.ts";

const landscape: Landscape = { classes: 2, epsSq: 0.5 };

/** ΔR of orthogonal classes of n/2 in 8 dimensions, spread evenly over r₁ and r₂ of them: a local maximum for any ranks. */
const optimum = (...ranks: number[]): number =>
  ranks.reduce((sum, r) => sum + (r / 2) * (Math.log1p(8 / r) - 0.5 * Math.log1p(16 / r)), 0);
export const OPTIMA = { even: optimum(4, 4), uneven: optimum(3, 5) };
const ALL = Array.from({ length: 64 }, (_, i) => [1 + (i % 8), 1 + Math.floor(i / 8)] as const)
  .filter(([a, b]) => a + b <= 8)
  .map((ranks) => optimum(...ranks));

/** ‖Zₖ‖² = nₖ for each class. */
function toEnergy(Z: Tensor): Tensor {
  const parts = byClass(Z, 2);
  const norms = parts.norm([-2, -1], true);
  return parts
    .div(norms)
    .mul(Math.sqrt(parts.size(2)))
    .reshape(Z.shape);
}

export interface Ascent {
  /** Course of ΔR, one list per run, at `steps`. */
  course: number[][];
  steps: number[];
  /** At the end, per run: ΔR, max |Z₁Z₂ᵀ|, and the singular values of both classes. */
  runs: { reduction: number; overlap: number; spectra: number[][] }[];
}

/** Projected gradient ascent from `runs` random starts: n = 40 features in d = 8 dimensions. */
export function ascend(random: Random, runs: number, iterations: number): Ascent {
  return scope(() => {
    let Z = toEnergy(normal(random, [runs, 40, 8]));
    const steps: number[] = [];
    const course: number[][] = Array.from({ length: runs }, () => []);
    for (let i = 0; i <= iterations; i++) {
      if (i === iterations || Math.log10(i + 1) * 8 >= steps.length) {
        steps.push(i + 1);
        const now = scope(() => reductions(Z, landscape).numbers());
        for (const [r, list] of course.entries()) list.push(now[r]!);
      }
      if (i === iterations) break;
      const before = Z;
      Z = scope(() => toEnergy(Z.add(reductionGradient(Z, landscape).mul(2))));
      before.dispose();
    }
    const last = reductions(Z, landscape).numbers();
    const parts = byClass(Z, 2);
    const overlap = parts.select(1, 0).matmul(parts.select(1, 1).T).abs().max([-2, -1]).numbers();
    const spectra = aten("linalg_svdvals", parts).toArray() as number[][][];
    return {
      course,
      steps,
      runs: last.map((reduction, r) => ({ reduction, overlap: overlap[r]!, spectra: spectra[r]! })),
    };
  });
}

/** Largest over smallest of the singular values that are not zero. */
const unevenness = (spectrum: readonly number[]): number => {
  const kept = spectrum.filter((value) => value > 1e-3);
  return Math.max(...kept) / Math.min(...kept) - 1;
};

export const constrainedLandscape: Claim = {
  name: "constrained-landscape",
  title: "Ascent on ΔR with ‖Zₖ‖² = nₖ ends with orthogonal classes and flat spectra, from every start",
  source: "Yu et al. 2020, theorem on optimal representations",
  expected: "|Z₁Z₂ᵀ| ≤ 1e-8; flat spectra; ΔR of some ranks r₁ + r₂ ≤ 8, at best 4 ln 3 − 2 ln 5 (4 + 4)",
  run({ random, quick }) {
    const [runs, iterations] = quick ? [6, 3000] : [10, 20_000];
    const found = ascend(random, runs, iterations);
    const nearest = found.runs.map(({ reduction }) =>
      Math.min(...ALL.map((value) => Math.abs(reduction - value))),
    );
    const overlap = Math.max(...found.runs.map((run) => run.overlap));
    const uneven = Math.max(...found.runs.flatMap(({ spectra }) => spectra.map(unevenness)));
    const global = found.runs.filter(({ reduction }) => reduction > OPTIMA.even - 1e-4).length;
    const best = found.runs.findIndex(
      ({ reduction }) => reduction === Math.max(...found.runs.map((r) => r.reduction)),
    );
    const index = [1, 2, 3, 4, 5, 6, 7, 8];
    const spectrum = (k: number): Curve => ({
      name: `class ${k + 1}`,
      x: index,
      y: found.runs[best]!.spectra[k]!.map((value) => value ** 2),
    });
    return {
      measured: `${global} of ${runs} runs at ranks 4 + 4; overlap ${short(overlap)}, spectra flat to ${short(uneven)}`,
      numbers: {
        "largest distance of ΔR to that of some ranks": atMost(Math.max(...nearest), 1e-9),
        "largest |Z₁Z₂ᵀ|": atMost(overlap, 1e-8),
        "unevenness of spectra": atMost(uneven, 1e-3),
        "runs at the global optimum": atLeast(global, 1),
      },
      plot: {
        subtitle: `d = 8, two classes of 20, ε² = ½; ${runs} random starts, step 2`,
        panels: [
          {
            kind: "curves",
            title: "ΔR along the ascent",
            x: { label: "iteration", scale: "log" },
            y: { label: "ΔR (nats)", min: 1.1, max: 1.18 },
            curves: [
              ...found.course.map((y) => ({
                ...{ name: "runs", x: found.steps, y, tone: 0 },
                marker: "none" as const,
              })),
              level("ranks 4 + 4", found.steps, OPTIMA.even),
              level("ranks 3 + 5", found.steps, OPTIMA.uneven),
            ],
          },
          {
            kind: "curves",
            title: "Squared singular values of the best run",
            x: { label: "index" },
            y: { label: "σ²", min: 0 },
            curves: [spectrum(0), spectrum(1), level("n_k / 4", index, 5)],
          },
        ],
      },
    };
  },
};
