/** @file Why compression denoises: inside its subspace a token is coded away, outside few directions are taken. */

import { type Random, scope } from "../../tensor/index.ts";
import { atLeast, atMost, between, type Claim, short } from "../claim.ts";
import { compressionGradient, gammaOf, lift, project } from "../closed-forms.ts";
import { level } from "../plot.ts";
import { bases, tokensOn } from "../sample.ts";
import { agreement, BASE, type Regime, SMALL } from "./regimes.ts";

const LOADS = [0.06, 0.125, 0.25, 0.5, 1, 2, 4, 10];

/** Selectivity as N/K grows against p, at γ‖α‖² held by ε. */
export function alongLoad(
  random: Random,
  base: Omit<Regime, "perSubspace" | "epsilon">,
  gamma: number,
): number[] {
  return LOADS.map((load) => {
    const perSubspace = Math.max(1, Math.round(load * base.p));
    const epsilon = Math.sqrt(base.p / (gamma * base.K * perSubspace));
    return agreement(random.at(`${load}`), { ...base, perSubspace, epsilon }).selectivity;
  });
}

/** What −∇Rᶜ does to the noise outside the span of all subspaces, where they do not fill the space: ‖part‖ / ‖∇Rᶜ‖. */
export function outsideSpan(random: Random, { d, K, p }: { d: number; K: number; p: number }): number {
  return scope(() => {
    const U = bases(random.at("U"), [K, d, p]);
    const { Z } = tokensOn(U, random, { perSubspace: 4, noise: 0.1, unit: true });
    const gradient = compressionGradient(Z, U, gammaOf(Z.size(0), p, 0.1));
    return (
      gradient
        .sub(lift(project(gradient, U), U))
        .norm()
        .item() / gradient.norm().item()
    );
  });
}

export const selectivity: Claim = {
  name: "selectivity",
  title: "−∇Rᶜ shrinks a token's noise faster than its signal, by a factor that dies as N/K reaches p",
  source: "Pai et al. 2024, conditions of the theorem; E9",
  expected: "factor ≥ 10 for N/K ≤ p/4, 1.0 to 1.1 at N/K = 10p; noise outside all subspaces untouched",
  condition: {
    kind: "holds where",
    text: "N/K ≪ p; with N/K ≥ p every direction is taken and all is shrunk alike",
  },
  run({ random, quick }) {
    const { d, K, p } = quick ? SMALL : BASE;
    const sigmas = [0.003, 0.01, 0.03];
    const curves = sigmas.map((sigma) => ({
      name: `σ = ${sigma}`,
      x: LOADS,
      y: alongLoad(random.at(`${sigma}`), { d, K, p, sigma }, 30),
    }));
    const middle = curves[1]!.y;
    const outside = outsideSpan(random.at("outside"), { d: d + 20, K, p });
    const [good, bad] = [middle.slice(0, 3), middle.at(-1)!];
    return {
      measured: `${short(Math.min(...good))} and more for N/K ≤ p/4, ${short(bad)} at N/K = 10p`,
      numbers: {
        "least factor for N/K ≤ p/4": atLeast(Math.min(...good), 10),
        // in small the last directions of a subspace are not all taken
        "factor at N/K = 10p": between(bad, 1, quick ? 1.15 : 1.1),
        "part of ∇Rᶜ outside all subspaces": atMost(outside, 1e-12),
      },
      plot: {
        subtitle: `d = ${d}, K = ${K}, p = ${p}, unit tokens; ε set so that γ = 30 throughout`,
        panels: [
          {
            kind: "curves",
            x: { label: "tokens per dimension of a subspace, N / (K p)", scale: "log" },
            y: { label: "shrinking outside over inside", scale: "log" },
            curves: [...curves, level("no selection", LOADS, 1)],
          },
        ],
      },
    };
  },
};
