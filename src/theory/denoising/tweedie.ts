/** @file Tweedie's formula: the score of the noisy density gives the mean of what was there before the noise. */

import { aten, gradients, type Random, scope, type Tensor } from "../../tensor/index.ts";
import { atMost, type Claim, short } from "../claim.ts";
import { largestDifference } from "../closed-forms.ts";
import { level } from "../plot.ts";
import { normal, orthonormal, WIDE } from "../sample.ts";
import { covariancesOf, logTerms, type Mixture, noisy, posteriorMean } from "./mixture.ts";

const LIMIT = 1e-12;

/** A mixture of K Gaussians in d dimensions whose ranks, eigenvalues and weights are all different. */
export function randomMixture(random: Random, d: number, K: number, sigma: number): Mixture {
  const each = Array.from({ length: K }, (_, k) => random.at(`component.${k}`));
  const ranks = each.map((stream) => 1 + Math.floor(stream.number() * d));
  const bases = each.map((stream, k) => orthonormal(normal(stream.at("U"), [d, ranks[k]!])));
  const eigenvalues = each.map((stream, k) => stream.at("values").uniform([ranks[k]!], 0.5, 2, WIDE));
  const weights = random.at("weights").uniform([K], 0.5, 2, WIDE);
  return { covariances: covariancesOf(bases, eigenvalues), weights: weights.div(weights.sum()), sigma };
}

/** Samples x = z + σg of a mixture: [n, d] */
export function samples(random: Random, mixture: Mixture, n: number): Tensor {
  const { covariances } = mixture;
  const [K, d] = [covariances.size(0), covariances.size(1)];
  const which = random.at("which").integers([n], 0, K);
  const L = aten("linalg_cholesky", noisy(mixture)).indexSelect(0, which); //                    [n, d, d]
  return L.matmul(normal(random.at("noise"), [n, d, 1])).squeeze(-1);
}

/** ∇log q(x) by autograd through the log of the density: [n, d] */
export function autogradScore(X: Tensor, mixture: Mixture): Tensor {
  const x = X.detach().setRequiresGrad();
  return gradients(logTerms(x, mixture).logsumexp(1).sum(), [x])[0]!;
}

/** Largest difference between x + σ²∇log q(x) and E[z | x]. */
export function tweedieError(
  random: Random,
  sizes: { d: number; K: number; n: number },
  sigma: number,
): number {
  return scope(() => {
    const mixture = randomMixture(random, sizes.d, sizes.K, sigma);
    const X = samples(random, mixture, sizes.n);
    const shifted = X.add(autogradScore(X, mixture).mul(sigma ** 2));
    return largestDifference(shifted, posteriorMean(X, mixture));
  });
}

export const tweedie: Claim = {
  name: "tweedie",
  title: "E[z | x] = x + σ²∇log q_σ(x): the score of the noisy density denoises exactly",
  source: "Robbins 1956, Tweedie's formula, as used by Yu et al. 2023; E7",
  expected: "x + σ²·score (autograd) equals the posterior mean (Bayes) to 1e-12",
  run({ random, quick }) {
    const sizes = quick ? { d: 8, K: 3, n: 20 } : { d: 24, K: 5, n: 100 };
    const sigmas = [0.1, 0.2, 0.3, 0.5, 0.7, 1, 2];
    const errors = sigmas.map((sigma) => tweedieError(random.at(`${sigma}`), sizes, sigma));
    const worst = Math.max(...errors);
    return {
      measured: `largest difference ${short(worst)}`,
      numbers: { "largest difference": atMost(worst, LIMIT) },
      plot: {
        subtitle: `mixtures of ${sizes.K} Gaussians of random rank, eigenvalues and weight in ${sizes.d} dimensions, ${sizes.n} samples each`,
        panels: [
          {
            kind: "curves",
            x: { label: "noise σ", scale: "log" },
            y: { label: "largest |x + σ²∇log q − E[z | x]|", scale: "log" },
            curves: [{ name: "measured", x: sigmas, y: errors }, level("limit", sigmas, LIMIT)],
          },
        ],
      },
    };
  },
};
