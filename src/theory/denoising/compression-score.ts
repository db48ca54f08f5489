/** @file Compression as denoising: −∇Rᶜ points along the score where four conditions hold, and not where they fail. */

import { atLeast, atMost, between, type Claim, type Measure, near, short } from "../claim.ts";
import { agreement, BASE, type Regime, SMALL } from "./regimes.ts";

const PRECISIONS = [1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01];
const SIGMAS = [0.1, 0.05, 0.02, 0.01, 0.005];

/** Where the theorem's conditions hold, and where one of them does not. */
function regimes(size: typeof BASE | typeof SMALL): Record<string, Regime> {
  const good: Regime = { ...size, sigma: 0.01, epsilon: 0.1 };
  return {
    "all conditions": good,
    "ε too large": { ...good, epsilon: 1 },
    "ε too small": { ...good, epsilon: 0.01 },
    "N/K ≫ p": { ...good, perSubspace: 10 * size.p },
    "not orthogonal": { ...good, orthogonal: false },
  };
}

export const compressionScore: Claim = {
  name: "compression-score",
  title: "−∇Rᶜ(Z | U) is close to the score ∇log q_σ(Z) of tokens near subspaces: compressing is denoising",
  source: "Pai et al. 2024, theorem on compression and the score; E9",
  expected:
    "cosine .85 and selectivity 16 at σ = .01, ε = .1; selectivity near 1 or below where a condition fails",
  condition: {
    kind: "holds where",
    text: "subspaces are orthogonal, N/K ≪ p, γ‖α‖² ≫ 1 and σ is small; a high cosine alone may be mere shrinking",
  },
  run({ random, quick }) {
    const size = quick ? SMALL : BASE;
    const cases = regimes(size);
    const names = Object.keys(cases);
    const found = names.map((name) => agreement(random.at(name), cases[name]!));
    const by = Object.fromEntries(names.map((name, i) => [name, found[i]!]));
    const shrinking = agreement(random.at("shrinking"), { ...size, sigma: 0.05, epsilon: 0.5 });
    const grid = SIGMAS.flatMap((sigma) =>
      PRECISIONS.map((epsilon) => agreement(random.at(`${sigma}.${epsilon}`), { ...size, sigma, epsilon })),
    );
    const good = by["all conditions"]!;
    const reference: Record<string, Measure> = quick
      ? { cosine: atLeast(good.cosine, 0.8), selectivity: atLeast(good.selectivity, 10) }
      : { cosine: near(good.cosine, 0.846, 0.02), selectivity: near(good.selectivity, 15.7, 1.6) };
    const map = (values: number[], label: string, title: string, max: number) => ({
      ...{ kind: "map" as const, title, values, label, min: 0, max, annotate: true },
      x: { label: "ε", names: PRECISIONS.map(String) },
      y: { label: "noise σ", names: SIGMAS.map(String) },
    });
    return {
      measured: `cosine ${short(good.cosine)}, selectivity ${short(good.selectivity)}; with N/K ≫ p ${short(by["N/K ≫ p"]!.selectivity)}, not orthogonal ${short(by["not orthogonal"]!.selectivity)}`,
      numbers: {
        ...reference,
        "selectivity, ε too large": between(by["ε too large"]!.selectivity, 1, 2),
        ...(!quick && {
          "cosine, ε too small": near(by["ε too small"]!.cosine, 0.748, 0.02),
          "selectivity, ε too small": near(by["ε too small"]!.selectivity, 41.9, 4.2),
          "cosine at ε = 1": near(by["ε too large"]!.cosine, 0.347, 0.02),
          "selectivity at ε = 1": near(by["ε too large"]!.selectivity, 1.31, 0.13),
        }),
        "cosine, ε too large": atMost(by["ε too large"]!.cosine, 0.5),
        "selectivity, N/K ≫ p": between(by["N/K ≫ p"]!.selectivity, 1, quick ? 1.15 : 1.1),
        "selectivity, not orthogonal": atMost(by["not orthogonal"]!.selectivity, 1),
        "cosine at σ = .05, ε = .5": atLeast(shrinking.cosine, 0.8),
        "selectivity at σ = .05, ε = .5": between(shrinking.selectivity, 1, 3),
      },
      plot: {
        subtitle: `d = ${size.d}, K = ${size.K}, p = ${size.p}, ${size.K * size.perSubspace} unit tokens; selectivity: shrinking rate outside over inside the own subspace`,
        panels: [
          map(
            grid.map((one) => one.cosine),
            "cosine",
            "cos(−∇R^c, score)",
            1,
          ),
          map(
            grid.map((one) => Math.log10(one.selectivity)),
            "log₁₀ selectivity",
            "Selectivity",
            2,
          ),
          {
            kind: "bars",
            title: "Negative controls, σ = 0.01: cosine",
            x: { label: "setting: which condition is broken" },
            y: { label: "cos(−∇R^c, score)", max: 1 },
            categories: names,
            series: [{ name: "cosine", values: found.map((one) => one.cosine) }],
          },
          {
            kind: "bars",
            title: "Negative controls: selectivity",
            x: { label: "setting: which condition is broken" },
            y: { label: "selectivity" },
            categories: names,
            series: [{ name: "selectivity", values: found.map((one) => one.selectivity) }],
          },
        ],
      },
    };
  },
};
