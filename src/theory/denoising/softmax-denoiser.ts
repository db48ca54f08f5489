/** @file The softmax denoiser, the small-noise limit of the posterior mean: its error is of second order in σ. */

import { full, type Random, scope } from "../../tensor/index.ts";
import { atMost, between, type Claim, near, short } from "../claim.ts";
import { relativeError, slope } from "../closed-forms.ts";
import { expectedCurve } from "../plot.ts";
import { bases, normal, WIDE } from "../sample.ts";
import { onSubspaces, posteriorMean, softmaxDenoiser } from "./mixture.ts";

export interface DenoiserErrors {
  /** ‖approximate − exact‖ / ‖exact‖ */
  relative: number;
  /** Mean squared distances of one token to its clean form: as observed, and denoised. */
  noisy: number;
  denoised: number;
}

/** Errors of the softmax denoiser on standard normal codes in K subspaces of dimension p, n tokens. */
export function denoiserErrors(
  random: Random,
  { d, K, p, n }: { d: number; K: number; p: number; n: number },
  sigma: number,
): DenoiserErrors {
  return scope(() => {
    const U = bases(random.at("U"), [K, d, p]);
    const clean = normal(random.at("codes"), [K, n / K, p])
      .matmul(U.T)
      .reshape([n, d]);
    const X = clean.add(normal(random.at("noise"), [n, d]).mul(sigma));
    const mixture = { covariances: onSubspaces(U, 1), weights: full([K], 1 / K, WIDE), sigma };
    const [approximate, exact] = [softmaxDenoiser(X, U, sigma), posteriorMean(X, mixture)];
    const meanSquare = (A: typeof X) => A.sub(clean).square().sum().item() / n;
    return {
      relative: relativeError(approximate, exact),
      noisy: meanSquare(X),
      denoised: meanSquare(approximate),
    };
  });
}

export const softmaxDenoiserClaim: Claim = {
  name: "softmax-denoiser",
  title: "E[z | x] ≈ Σₖ softmaxₖ(‖Uₖᵀx‖²/2σ²) UₖUₖᵀx, with an error of second order in σ",
  source: "Yu et al. 2023, the denoiser of a mixture of subspaces; E8",
  expected: "exponent 2 in σ; .04 at σ = .2, .01 at .1; mean squared error pσ² after dσ²",
  run({ random, quick }) {
    const sizes = { d: 32, K: 4, p: 4, n: quick ? 2000 : 20_000 };
    const sigmas = [0.5, 0.3, 0.2, 0.1, 0.05, 0.02, 0.01];
    const found = sigmas.map((sigma) => denoiserErrors(random.at(`${sigma}`), sizes, sigma));
    const y = found.map(({ relative }) => relative);
    const exponent = slope(sigmas.slice(2), y.slice(2));
    const small = found.at(-1)!;
    const [residual, noise] = [small.denoised / (sizes.p * 1e-4), small.noisy / (sizes.d * 1e-4)];
    return {
      measured: `exponent ${short(exponent)}; ${y[2]!.toFixed(3)} at σ = .2, ${y[3]!.toFixed(4)} at .1; error ${short(residual)} pσ²`,
      numbers: {
        "exponent for σ ≤ .2": between(exponent, 1.95, 2.05),
        "relative error at σ = .5": near(y[0]!, 0.267, 0.02),
        "relative error at σ = .2": near(y[2]!, 0.04, 0.002),
        "relative error at σ = .1": near(y[3]!, 0.01, 0.0005),
        "relative error at σ = .05": near(y[4]!, 0.0025, 0.0001),
        "relative error at σ = .01": near(y.at(-1)!, 1e-4, 5e-6),
        "mean squared error over pσ² at σ = .01": near(residual, 1, 0.1),
        "noise over dσ² at σ = .01": near(noise, 1, 0.1),
        "denoised over noisy at σ = .01": atMost(small.denoised / small.noisy, 0.15),
      },
      plot: {
        subtitle: `d = ${sizes.d}, K = ${sizes.K}, p = ${sizes.p}, ${sizes.n} tokens for each σ`,
        panels: [
          {
            kind: "curves",
            title: "Against the posterior mean",
            x: { label: "noise σ", scale: "log" },
            y: { label: "relative error", scale: "log" },
            curves: [
              { name: "softmax denoiser", x: sigmas, y },
              expectedCurve(
                "σ²",
                sigmas,
                sigmas.map((sigma) => sigma ** 2),
              ),
            ],
          },
          {
            kind: "curves",
            title: "Against the clean tokens",
            x: { label: "noise σ", scale: "log" },
            y: { label: "squared error per token", scale: "log" },
            curves: [
              { name: "noisy", x: sigmas, y: found.map(({ noisy }) => noisy), tone: 1 },
              { name: "denoised", x: sigmas, y: found.map(({ denoised }) => denoised), tone: 2 },
              expectedCurve(
                "d σ² and p σ²",
                sigmas,
                sigmas.map((sigma) => sizes.d * sigma ** 2),
              ),
              expectedCurve(
                "d σ² and p σ²",
                sigmas,
                sigmas.map((sigma) => sizes.p * sigma ** 2),
              ),
            ],
          },
        ],
      },
    };
  },
};
