/** @file Tokens that follow −∇Rᶜ: what is outside their subspace goes, what is inside stays. */

import { type Random, scope, type Tensor } from "../../tensor/index.ts";
import { atLeast, atMost, between, type Claim, short } from "../claim.ts";
import { compressionGradient, gammaOf } from "../closed-forms.ts";
import { type Curve, level } from "../plot.ts";
import { bases, tokensOn } from "../sample.ts";

export interface Trajectory {
  /** ‖part outside the own subspace‖ after each step, over that at the start. */
  outside: number[];
  /** ‖part inside‖, likewise. */
  inside: number[];
}

/** L steps Z ← Z − (κ/γ) ∇Rᶜ on noisy tokens of K orthogonal subspaces that fill the space. */
export function trajectory(
  random: Random,
  { K, p, perSubspace }: { K: number; p: number; perSubspace: number },
  { steps, step, epsilon }: { steps: number; step: number; epsilon: number },
): Trajectory {
  return scope(() => {
    const U = bases(random.at("U"), [K, K * p, p]);
    let { Z } = tokensOn(U, random, { perSubspace, noise: 0.01, unit: true });
    const gamma = gammaOf(Z.size(0), p, epsilon);
    const parts = () => {
      const split = Z.reshape([K, perSubspace, K * p]);
      const own = split.matmul(U).matmul(U.T);
      const size = (X: Tensor) => X.norm().item();
      return { inside: size(own), outside: size(split.sub(own)) };
    };
    const course = [parts()];
    for (let i = 0; i < steps; i++) {
      Z = Z.sub(compressionGradient(Z, U, gamma).mul(step / gamma));
      course.push(parts());
    }
    const relative = (of: "inside" | "outside") => course.map((one) => one[of] / course[0]![of]);
    return { inside: relative("inside"), outside: relative("outside") };
  });
}

export const denoisingTrajectory: Claim = {
  name: "denoising-trajectory",
  title: "Layers Z ← Z − κ∇Rᶜ take away a token's noise and leave its signal",
  source: "Pai et al. 2024, structured denoising by compression; E10",
  expected:
    "noise falls to √(N/(Kp)) or below, the part along foreign tokens; signal ≥ 95 %; alike where N/K ≫ p",
  condition: {
    kind: "holds where",
    text: "N/K ≪ p; where tokens fill their subspaces signal and noise fall alike",
  },
  run({ random, quick }) {
    const [K, p] = quick ? [6, 32] : [6, 64];
    const layers = { steps: 12, step: 0.35 };
    const few = trajectory(random.at("few"), { K, p, perSubspace: p / 8 }, { ...layers, epsilon: 0.1 });
    const many = trajectory(random.at("many"), { K, p, perSubspace: 10 * p }, { ...layers, epsilon: 0.3 });
    const x = few.inside.map((_, i) => i);
    const floor = Math.sqrt(1 / 8);
    const panel = (title: string, { inside, outside }: Trajectory, ...expected: readonly Curve[]) => ({
      ...{ kind: "curves" as const, title },
      x: { label: "layer" },
      y: { label: "norm over that at the start", min: 0, max: 1.05 },
      curves: [
        { name: "signal, inside the own subspace", x, y: inside },
        { name: "noise, outside", x, y: outside },
        ...expected,
      ],
    });
    const [noise, signal] = [few.outside.at(-1)!, few.inside.at(-1)!];
    const alike = Math.log(many.outside.at(-1)!) / Math.log(many.inside.at(-1)!);
    return {
      measured: `noise ${short(noise)}, signal ${short(signal)} of the start; where N/K = 10p ${short(many.outside.at(-1)!)} and ${short(many.inside.at(-1)!)}`,
      numbers: {
        "noise left": atMost(noise, 1.1 * floor),
        "signal left": atLeast(signal, 0.95),
        "log of noise over log of signal, where N/K = 10p": between(alike, 0.8, 1.25),
      },
      plot: {
        subtitle: `K = ${K}, p = ${p}, σ = 0.01, twelve layers of κγ = 0.35`,
        panels: [
          panel("N/K = p/8: denoising", few, level("√(N/(Kp))", x, floor)),
          panel("N/K = 10 p: mere shrinking", many),
        ],
      },
    };
  },
};
