/** @file Images of one family that are exactly low-rank, and what a CRATE-MAE learns to fill in of them. */

import { CrateMae, maskedError, maskedTarget, meanFill, randomMask } from "../../model/index.ts";
import { gradients, noGrad, type Random, scope, type Tensor, tensor } from "../../tensor/index.ts";
import { createOptimizer, warmedCosine } from "../../train/index.ts";
import { admm, errors } from "./solvers.ts";

export interface ImageFamily {
  /** Side of an image and of a patch, in pixels. */
  n: number;
  patch: number;
  rank: number;
  /** q, how many cosines a factor is made of. */
  waves: number;
}

/** X = Σ_r a_r b_rᵀ / √r, each factor a sum of the q lowest cosines with normal weights: [b, 1, n, n] of rank r. */
export function lowRankImages(random: Random, b: number, { n, rank, waves }: ImageFamily): Tensor {
  return scope(() => {
    const cosine = (k: number, i: number) =>
      Math.cos((Math.PI * k * (i + 0.5)) / n) * Math.sqrt((k === 0 ? 1 : 2) / waves);
    const rows = Array.from({ length: waves }, (_, k) => Array.from({ length: n }, (_, i) => cosine(k, i)));
    const factor = (name: string) => random.at(name).normal([b, rank, waves]).matmul(tensor(rows)); // [b, r, n]
    return factor("a").T.matmul(factor("b")).div(Math.sqrt(rank)).unsqueeze(1).contiguous();
  });
}

export interface Learning {
  steps: number;
  batchSize: number;
  lr: number;
}

/** A CRATE-MAE that has learned to fill in half of the patches of a family, from new images at every step. */
export function learnedMae(
  random: Random,
  family: ImageFamily,
  { steps, batchSize, lr }: Learning,
): CrateMae {
  const { n, patch } = family;
  const size = { imageSize: n, patch, channels: 1, dim: 64, depth: 3, heads: 4, headDim: 16 };
  const mae = new CrateMae({ ...size, lambda: 0.05 }, random.at("model"));
  const parameters = new Map(mae.namedParameters());
  using optimizer = createOptimizer("adamw", parameters, { weightDecay: 0.01, betas: [0.9, 0.95] });
  const factor = warmedCosine({ total: steps, warmup: 40 });
  for (let t = 0; t < steps; t++)
    scope(() => {
      const step = random.at(`step.${t}`);
      const X = lowRankImages(step, batchSize, family);
      const mask = randomMask(step.at("mask").uniform([batchSize, (n / patch) ** 2]), 0.5);
      const loss = maskedError(mae.apply(X, mask), maskedTarget(X, patch), mask);
      optimizer.step(gradients(loss, [...parameters.values()]), lr * factor(t));
    });
  return mae;
}

export interface Filled {
  /** Mean squared error on removed patches over that of filling them with the mean of the others. */
  learned: number;
  nuclearNorm: number;
  /** Share of images that the nuclear norm completes to a relative error of 1e-3. */
  success: number;
}

/** New images of the family with a share f of their patches known, filled in by the net and by the nuclear norm. */
export function fillIn(
  random: Random,
  mae: CrateMae,
  family: ImageFamily,
  { share, images: b }: { share: number; images: number },
): Filled {
  const { n, patch } = family;
  const g = n / patch;
  return noGrad(() =>
    scope(() => {
      const X = lowRankImages(random, b, family); //                             [b, 1, n, n]
      const mask = randomMask(random.at(`mask.${share}`).uniform([b, g * g]), 1 - share);
      const target = maskedTarget(X, patch); //                                  [b, g², s²]
      const error = (patches: Tensor) => maskedError(patches, target, mask).item();
      const pixels = mask.reshape([b, g, 1, g, 1]).expand([b, g, patch, g, patch]).reshape([b, n, n]);
      const M = X.squeeze(1).to("float64");
      const completed = admm({ M, mask: pixels.neg().add(1).to("float64") }); // [b, n, n]
      const least = error(meanFill(target, mask, 1));
      return {
        learned: error(mae.apply(X, mask)) / least,
        nuclearNorm: error(maskedTarget(completed.to("float32").unsqueeze(1), patch)) / least,
        success: errors(completed, M).filter((one) => one < 1e-3).length / b,
      };
    }),
  );
}
