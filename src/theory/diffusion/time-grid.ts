/** @file A constant step per layer is a geometric grid in the noise that is left; a uniform grid is behind. */

import { type Random, scope } from "../../tensor/index.ts";
import { atLeast, atMost, between, type Claim, short } from "../claim.ts";
import { relativeError, slope } from "../closed-forms.ts";
import { expectedCurve } from "../plot.ts";
import { constant, flow, SETTING, type Setting, SMALL_SETTING, start } from "./flow.ts";

/** Steps κ = Δt / (2(T−t)) of dZ/dt = −∇Rᶜ/(2(T−t)), T = 1, from t = 0 to 1 − δ, on a grid of L + 1 values of T − t. */
function stepsOf(left: readonly number[]): number[] {
  return left.slice(1).map((next, l) => (left[l]! - next) / (2 * left[l]!));
}

export const geometric = (delta: number, L: number): number[] =>
  stepsOf(Array.from({ length: L + 1 }, (_, l) => delta ** (l / L)));

export const uniform = (delta: number, L: number): number[] =>
  stepsOf(Array.from({ length: L + 1 }, (_, l) => 1 - ((1 - delta) * l) / L));

/** Relative errors of the end point on both grids, and of uniform steps scaled to the geometric grid's Σκ, for each L. */
export function gridErrors(random: Random, setting: Setting, depths: readonly number[]) {
  return scope(() => {
    const { Z, U, gamma } = start(random, setting);
    const total = 1 / gamma; //                                                 ½ ln(1/δ)
    const delta = Math.exp(-2 * total);
    const run = (steps: readonly number[]) => flow(Z, steps, gamma, () => U);
    const fine = (L: number) => run(constant(total / L, L));
    const end = fine(1024).mul(2).sub(fine(512)); //                            the first order cancels
    const error = (steps: readonly number[]) => relativeError(run(steps), end);
    return depths.map((L) => {
      const given = uniform(delta, L);
      const sum = given.reduce((a, b) => a + b, 0);
      return {
        geometric: error(geometric(delta, L)),
        uniform: error(given),
        // the same Σκ in steps as unequal as a uniform grid makes them
        scaled: error(given.map((kappa) => (kappa * total) / sum)),
      };
    });
  });
}

export const timeGrid: Claim = {
  name: "time-grid",
  title:
    "Layers of constant κ solve dZ/dt = −∇Rᶜ/(2(T−t)) on a geometric grid of T−t; a uniform grid is behind",
  source: "Pai et al. 2024, the discretised denoising flow; E13",
  expected:
    "equal κ on the geometric grid, error ∝ 1/L; a uniform grid worse at every L; equal Σκ, equal end",
  run({ random, quick }) {
    const setting = { ...(quick ? SMALL_SETTING : SETTING), epsilon: 1 };
    const depths = quick ? [8, 16, 32, 64] : [8, 16, 32, 64, 128, 256];
    const found = gridErrors(random, setting, depths);
    const [good, poor] = [found.map((one) => one.geometric), found.map((one) => one.uniform)];
    const kappas = geometric(0.01, 16);
    const spread = (Math.max(...kappas) - Math.min(...kappas)) / kappas[0]!;
    const worse = Math.min(...poor.map((error, i) => error / good[i]!));
    const exponent = slope(depths, good);
    const steps = Array.from({ length: 17 }, (_, l) => l);
    const left = (grid: "geometric" | "uniform") =>
      steps.map((l) => (grid === "geometric" ? 0.01 ** (l / 16) : 1 - (0.99 * l) / 16));
    return {
      measured: `exponent ${short(exponent)}; uniform worse by ${short(worse)} and more; κ equal to ${short(spread)}`,
      numbers: {
        "spread of κ on the geometric grid": atMost(spread, 1e-12),
        "exponent of the error on the geometric grid": between(exponent, -1.15, -0.9),
        "error on the uniform grid over the geometric, the least": atLeast(worse, 1),
        "error of unequal steps with the same Σκ, at the end": atMost(found.at(-1)!.scaled, 0.05),
      },
      plot: {
        subtitle: `setting of the round trip, ε = 1; from T to δ = e^{−2/γ} T, so that Σκ = ½ ln(T/δ) = 1/γ`,
        panels: [
          {
            kind: "curves",
            title: "Error of the end point",
            x: { label: "layers L", scale: "log" },
            y: { label: "relative error", scale: "log" },
            curves: [
              { name: "geometric grid", x: depths, y: good, tone: 0 },
              { name: "uniform grid", x: depths, y: poor, tone: 1 },
              { name: "uniform, Σκ as geometric", x: depths, y: found.map((one) => one.scaled), tone: 2 },
              expectedCurve(
                "∝ 1/L",
                depths,
                depths.map((L) => (good[0]! * depths[0]!) / L),
              ),
            ],
          },
          {
            kind: "curves",
            title: "Noise left after each of 16 layers, δ = 0.01",
            x: { label: "layer" },
            y: { label: "T − t", scale: "log" },
            curves: [
              { name: "geometric grid", x: steps, y: left("geometric"), tone: 0 },
              { name: "uniform grid", x: steps, y: left("uniform"), tone: 1 },
            ],
          },
        ],
      },
    };
  },
};
