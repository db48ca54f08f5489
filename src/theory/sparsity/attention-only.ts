/** @file Attention alone raises the signal-to-noise ratio by the same factor in each layer, up to a breaking point. */

import { type Random, scope, type Tensor } from "../../tensor/index.ts";
import { atLeast, atMost, type Claim, near } from "../claim.ts";
import { lift, project } from "../closed-forms.ts";
import { level } from "../plot.ts";
import { bases, normal } from "../sample.ts";

/** N tokens in K orthogonal subspaces of dimension p; η the step, τ the threshold of the attention weights. */
export interface Setting {
  N: number;
  K: number;
  p: number;
  step: number;
  threshold: number;
}

/** ‖own part‖ / ‖rest‖ of the tokens of each subspace, the mean over subspaces. */
function signalToNoise(Z: Tensor, U: Tensor): number {
  const [K, d] = [U.size(0), U.size(1)];
  const tokens = Z.reshape([K, Z.size(0) / K, d]);
  const own = tokens.matmul(U).matmul(U.T);
  return own
    .norm([1, 2])
    .div(tokens.sub(own).norm([1, 2]))
    .mean()
    .item();
}

/** SNR(Z⁺)/SNR(Z) of each layer Z⁺ = Z + η Σₖ φ(WₖWₖᵀ) Wₖ Uₖᵀ, φ(x) = τ where the softmax is above τ, else 0. */
export function gains(
  random: Random,
  { N, K, p, step, threshold }: Setting,
  delta: number,
  layers: number,
): number[] {
  return scope(() => {
    const U = bases(random.at("U"), [K, K * p, p]);
    const own = normal(random.at("own"), [K, N / K, p])
      .matmul(U.T)
      .reshape([N, K * p]);
    const foreign = normal(random.at("foreign"), [K, N / K, K * p]).mul(delta);
    const noise = foreign.sub(foreign.matmul(U).matmul(U.T)).reshape([N, K * p]); // none in the own subspace
    let Z = own.add(noise);
    const ratios = [signalToNoise(Z, U)];
    for (let l = 0; l < layers; l++) {
      Z = scope(() => {
        const W = project(Z, U); //                                             [K, N, p]
        const weights = W.matmul(W.T).softmax(-1).gt(threshold).to("float64").mul(threshold);
        return Z.add(lift(weights.matmul(W), U).mul(step));
      });
      ratios.push(signalToNoise(Z, U));
    }
    return ratios.slice(1).map((ratio, l) => ratio / ratios[l]!);
  });
}

export const attentionOnly: Claim = {
  name: "attention-only",
  title: "A layer of attention alone raises every token group's signal-to-noise ratio by exactly 1 + ητ",
  source: "Wang et al. 2025, attention-only denoising, theorem; E18",
  expected: "1.2505 in each of 5 layers at δ = .05; δ = .1 holds for about 3, δ = .2 and .3 for 1 at most",
  condition: {
    kind: "holds where",
    text: "noise δ ≲ √(log N / p) with a small constant; larger δ breaks after few layers",
  },
  run({ random, quick }) {
    const setting = { N: quick ? 300 : 600, K: 3, p: 64, step: 0.5, threshold: 0.501 };
    const factor = 1 + setting.step * setting.threshold;
    const deltas = [0.05, 0.1, 0.2, 0.3];
    const layers = 6;
    const found = deltas.map((delta) => gains(random, setting, delta, layers));
    const held = found.map((list) => {
      const end = list.findIndex((gain) => Math.abs(gain - factor) > 1e-3);
      return end < 0 ? layers : end;
    });
    const x = Array.from({ length: layers }, (_, l) => l + 1);
    const error = Math.max(...found[0]!.slice(0, 5).map((gain) => Math.abs(gain - factor)));
    return {
      measured: `layers that gain ${factor}: ${deltas.map((delta, i) => `${held[i]} at δ = ${delta}`).join(", ")}`,
      numbers: {
        "error of the gain over 5 layers at δ = .05": atMost(error, 1e-6),
        "layers at δ = .1": near(held[1]!, 3, 1),
        "layers at δ = .2": atMost(held[2]!, 1),
        "layers at δ = .3": atMost(held[3]!, 1),
        "layers at δ = .05": atLeast(held[0]!, 5),
      },
      plot: {
        subtitle: `N = ${setting.N}, K = 3, p = 64, η = 0.5, τ = 0.501`,
        panels: [
          {
            kind: "curves",
            x: { label: "layer" },
            y: { label: "SNR after over before" },
            curves: [
              ...deltas.map((delta, i) => ({
                ...{ name: `δ = ${delta}`, x, y: found[i]! },
                ...(i > 0 && { role: "control" as const }),
              })),
              level("1 + ητ", x, factor),
            ],
          },
        ],
      },
    };
  },
};
