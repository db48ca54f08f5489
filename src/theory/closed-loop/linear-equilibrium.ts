/** @file Playing the linear closed loop ends where the theorem says: orthogonal, even classes that the decoder returns. */

import { atLeast, atMost, type Claim, recorded, short } from "../claim.ts";
import { type Curve, level } from "../plot.ts";
import { makeGame } from "./linear-game.ts";
import { bestReduction } from "./linear-optimum.ts";
import { dataCosine, type Look, play } from "./linear-training.ts";

export const linearEquilibrium: Claim = {
  name: "linear-equilibrium",
  title: "The linear closed-loop game settles at orthogonal, even classes with span Zₖ = span Ẑₖ",
  source: "Pai et al. 2022, theorem on the equilibria of closed-loop multi-subspace pursuit",
  expected: "ΔR ≥ .98 ΔR*, mean residual ≤ 1 %, cosines between classes ≤ .15",
  condition: {
    kind: "holds where",
    text: "the decoder follows (hundreds of steps for each of the encoder's); with 10 steps it does not, and Ẑ ≠ Z",
  },
  run({ random, quick }) {
    // the reference's sizes; in quick, subspaces that are less correlated and part sooner
    const [dims, D, features] = quick ? [[2, 3, 4], 100, 30] : [[3, 4, 5], 50, 40];
    const game = makeGame(random.at("game"), D, dims, 500);
    const [outer, inner] = quick ? [75, 200] : [600, 300];
    const rules = { features, outer, every: quick ? 5 : 20 };
    const looks = play(random.at("play"), game, { ...rules, inner });
    const weak = play(random.at("play"), game, { ...rules, outer: Math.min(outer, 200), inner: 10 });
    const [end, control] = [looks.at(-1)!, weak.at(-1)!];
    const best = bestReduction(dims, features);
    const x = looks.map(({ step }) => step);
    const course = (name: string, of: (look: Look) => number, tone: number): Curve[] => [
      { name, x, y: looks.map(of), tone, marker: "none" },
      {
        name: `${name}, weak decoder`,
        x: weak.map(({ step }) => step),
        y: weak.map(of),
        tone,
        marker: "none",
        role: "control",
      },
    ];
    const even = end.spectra.map((values, k) => {
      const right = Math.sqrt(game.count / dims[k]!);
      return Math.max(...values.map((value) => Math.abs(value / right - 1)));
    });
    return {
      measured: `ΔR ${short(end.reduction / best)} ΔR*, residual ${short(end.residual)}, cosine ${short(end.cosine)} (data ${short(dataCosine(game.bases))}); weak decoder: residual ${short(control.residual)}`,
      numbers: {
        "ΔR over ΔR* at the end": atLeast(end.reduction / best, 0.98),
        "mean residual of Zₖ outside span Ẑₖ": atMost(end.residual, 0.01),
        "largest principal cosine between classes": atMost(end.cosine, 0.15),
        "pair terms at the end": atMost(end.pairs, 0.05),
        "largest deviation of a singular value from √(nₖ/dₖ)": atMost(Math.max(...even), 0.16),
        "residual with the weak decoder": atLeast(control.residual, 0.05),
        "pair terms with the weak decoder": recorded(control.pairs),
      },
      plot: {
        subtitle: `subspaces of dimensions ${dims.join(", ")} in ${D}; 500 samples each; d_z = ${features}, ε = 1; ${outer} encoder steps, each followed by ${inner} of the decoder`,
        panels: [
          {
            kind: "curves",
            title: "ΔR of the features",
            x: { label: "encoder step" },
            y: { label: "ΔR(Z | Π) (nats)", min: 3, max: 4.2 },
            curves: [...course("ΔR", (look) => look.reduction, 0), level("ΔR*", x, best)],
          },
          {
            kind: "curves",
            title: "Cosine of classes; residual of Z",
            x: { label: "encoder step" },
            y: { label: "cosine; residual", min: 0, max: 1 },
            curves: [
              ...course("largest cosine", (look) => look.cosine, 1),
              ...course("residual", (look) => look.residual, 2),
              level("limits .15 and .01", x, 0.15),
              level("limits .15 and .01", x, 0.01),
            ],
          },
          {
            kind: "curves",
            title: "Singular values of Z at the end",
            x: { label: "index" },
            y: { label: "singular value", min: 0, max: 20 },
            curves: end.spectra.flatMap((values, k) => {
              const first = dims.slice(0, k).reduce((sum, dim) => sum + dim, 1);
              const index = values.map((_, i) => first + i);
              const even = Math.sqrt(game.count / dims[k]!);
              return [
                { name: `class ${k + 1}`, x: index, y: values, tone: 3 + k },
                level("√(n_k/d_k)", index, even),
              ];
            }),
          },
        ],
      },
    };
  },
};
