/** @file The score of a mixture of low-rank Gaussians is attention over its subspaces, where all are equally likely. */

import { aten, full, type Random, scope, type Tensor } from "../../tensor/index.ts";
import { atLeast, atMost, type Claim, short } from "../claim.ts";
import { relativeError } from "../closed-forms.ts";
import { level } from "../plot.ts";
import { bases, WIDE } from "../sample.ts";
import { type Mixture, noisy, onSubspaces, subspaceScore } from "./mixture.ts";
import { autogradScore, randomMixture, samples } from "./tweedie.ts";

/** −Σₖ softmaxₖ(−½‖Mₖx‖²) Mₖ²x with Mₖ = (Σₖ + σ²I)^{−½}: [n, d] */
function gatedScore(X: Tensor, mixture: Mixture): Tensor {
  const inverse = aten("linalg_inv", noisy(mixture)); //                        [K, d, d]
  const pulled = X.unsqueeze(0).matmul(inverse); //                             [K, n, d]
  const w = pulled.mul(X).sum(-1).div(-2).softmax(0); //                        [K, n]
  return pulled.mul(w.unsqueeze(-1)).sum(0).neg();
}

/** The same mixture with weights that make πₖ det(Σₖ + σ²I)^{−½} equal. */
function balanced(mixture: Mixture): Mixture {
  const logs = aten("logdet", noisy(mixture)).div(2);
  return { ...mixture, weights: logs.softmax(0) };
}

/** Relative errors of the closed scores against autograd: on subspaces, in general, and without equal πₖ det Mₖ. */
export function scoreErrors(random: Random, [K, p]: readonly [number, number], sigma: number) {
  return scope(() => {
    const d = K * p + 2;
    const U = bases(random.at("U"), [K, d, p]);
    const flat = { covariances: onSubspaces(U, 1), weights: full([K], 1 / K, WIDE), sigma };
    const X = samples(random.at("flat"), flat, 30);
    const general = randomMixture(random.at("general"), d, K, sigma);
    const equal = balanced(general);
    const Y = samples(random.at("equal"), equal, 30);
    const V = samples(random.at("unequal"), general, 30);
    return {
      subspaces: relativeError(subspaceScore(X, U, 1, sigma), autogradScore(X, flat)),
      general: relativeError(gatedScore(Y, equal), autogradScore(Y, equal)),
      unbalanced: relativeError(gatedScore(V, general), autogradScore(V, general)),
    };
  });
}

export const mixtureScore: Claim = {
  name: "mixture-score",
  title:
    "∇log q_σ(x) = −Σₖ softmaxₖ(−½‖Mₖᵀx‖²) MₖMₖᵀx with Mₖ = (Σₖ + σ²I)^{−½}: attention over the components",
  source: "Yu et al. 2023, proposition on the score of a Gaussian mixture",
  expected: "equal to autograd's to 1e-10 where πₖ det Mₖ are equal; not where they differ",
  condition: {
    kind: "holds where",
    text: "all πₖ det(Σₖ + σ²I)^{−½} are equal, as for subspaces of one dimension",
  },
  run({ random, quick }) {
    const sigmas = [0.2, 0.3, 0.5, 0.7, 1, 1.5, 2];
    const sizes = quick ? ([3, 3] as const) : ([6, 8] as const);
    const found = sigmas.map((sigma) => scoreErrors(random.at(`${sigma}`), sizes, sigma));
    const exact = Math.max(...found.flatMap(({ subspaces, general }) => [subspaces, general]));
    const control = Math.max(...found.map(({ unbalanced }) => unbalanced));
    const curve = (name: string, of: keyof (typeof found)[number], role?: "control") => ({
      ...{ name, x: sigmas, y: found.map((one) => one[of]) },
      ...(role && { role }),
    });
    return {
      measured: `within ${short(exact)}; off by up to ${short(control)} where components differ in πₖ det Mₖ`,
      numbers: {
        "largest relative error where they are equal": atMost(exact, 1e-10),
        "largest relative error where they differ": atLeast(control, 0.01),
      },
      plot: {
        subtitle: `K = ${sizes[0]} components in ${sizes[0] * sizes[1] + 2} dimensions; 30 samples for each σ`,
        panels: [
          {
            kind: "curves",
            x: { label: "noise σ", scale: "log" },
            y: { label: "relative error against autograd", scale: "log" },
            curves: [
              curve("subspaces of one dimension", "subspaces"),
              curve("general Σ_k, equal π_k det M_k", "general"),
              curve("general Σ_k, unequal", "unbalanced", "control"),
              level("limit", sigmas, 1e-10),
            ],
          },
        ],
      },
    };
  },
};
