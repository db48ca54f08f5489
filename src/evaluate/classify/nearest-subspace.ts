/** @file Nearest subspace: a class is the span of its leading directions, a sample belongs where its residual is least. */

import { segments } from "../../rate/index.ts";
import {
  aten,
  full,
  type Group,
  gatherRows,
  keep,
  noGrad,
  scope,
  sumGrams,
  type Tensor,
  tensor,
  UsageError,
} from "../../tensor/index.ts";
import { type Classifier, checkDimension, checkFeatures } from "./classifier.ts";

export interface NearestSubspaceOptions {
  classes: number;
  /** Directions per class; the authors take 30 for MCR², 10 for ReduNet and CTRL, 15 for i-CTRL. */
  components: number;
  /** Whether each class is centred first (their PCA variant), or taken as it is (SVD). */
  centred: boolean;
  /**
   * Processes that have other features: classes are those of all. K (d + d(d + 1)/2) numbers and K counts are sent, or all
   * features where they are fewer.
   */
  across?: Group | undefined;
}

export interface SubspaceClassifier extends Classifier {
  /** Orthonormal directions of each class, by falling singular value; zero where a class has lower rank: [K, d, c] */
  readonly bases: Tensor;
  /** Squared residuals ‖(I − BₖBₖᵀ)(z − μₖ)‖²: Z [n, d] → [n, K]; infinite for classes without samples */
  residuals(Z: Tensor): Tensor;
}

/**
 * Fits one subspace per class: the leading right singular vectors Bₖ of its features, exact and in double precision.
 *
 * @param Z features, [n, d]
 * @param labels int64 [n]; a class without samples is never predicted
 * @throws {UsageError} fewer samples in a class than components, components not below d, features not finite
 * @example using classifier = nearestSubspace(Z, labels, { classes: 10, components: 30, centred: false });
 */
export function nearestSubspace(
  Z: Tensor,
  labels: Tensor,
  options: NearestSubspaceOptions,
): SubspaceClassifier {
  checkFeatures("nearest subspace", Z, labels);
  const { classes, components, centred, across } = options;
  const d = Z.size(1);
  if (!(Number.isInteger(components) && components > 0 && components < d))
    throw new UsageError(
      `nearest subspace: expected components from 1 to ${d - 1}, one less than the dimension, got ${components}`,
    );
  return noGrad(() =>
    scope(() => {
      const sorted = segments(labels, classes);
      const place = { dtype: "float64", device: Z.device } as const;
      const own = tensor(sorted.counts as number[], place); //                  [K]
      const counts = across === undefined ? own : across.allReduce(own);
      const sizes = counts.numbers();
      for (const [k, count] of sizes.entries())
        if (count > 0 && count < components)
          throw new UsageError(
            `nearest subspace: expected at least ${components} samples of class ${k} for as many components, got ${count}`,
          );
      const total = sizes.reduce((sum, size) => sum + size, 0);
      if (across !== undefined && total < (classes * (d + 3)) / 2) {
        const rows = across.numbers([labels.numel]).flat();
        const [all, of] = [gatherRows(Z, across, rows), gatherRows(labels, across, rows)];
        return nearestSubspace(all, of, { classes, components, centred });
      }
      const rows = sorted.pad(Z.to("float64")); //                              [K, m, d]
      const sums = rows.sum([1], true); //                                      [K, 1, d]
      const means = (across === undefined ? sums : across.allReduce(sums)).div(
        counts.clamp(1).reshape([-1, 1, 1]),
      );
      const present = sorted.pad(full([Z.size(0), 1], 1, place)); //            [K, m, 1]
      const centredRows = centred ? rows.sub(means).mul(present) : rows;
      const bases = leadingDirections(centredRows, components, across); //      [K, d, c]
      const offsets = (centred ? means : means.mul(0)).squeeze(1); //           [K, d]
      const absent = tensor(
        sizes.map((count) => (count > 0 ? 0 : Number.POSITIVE_INFINITY)),
        place,
      );
      return new Fitted(keep(bases), keep(offsets), keep(absent));
    }, "nearest subspace"),
  );
}

/**
 * The right singular vectors of W [K, m, d] with the largest singular values: [K, d, c], zero beyond the rank.
 * @param across processes that have other rows
 */
function leadingDirections(W: Tensor, components: number, across?: Group): Tensor {
  return scope(() => {
    const tall = across !== undefined || W.size(1) >= W.size(2);
    const own = tall ? W.T.matmul(W) : W.matmul(W.T); //                        the smaller side
    const gram = across === undefined ? own : sumGrams(own, across);
    const [values, vectors] = aten<[Tensor, Tensor]>("linalg_eigh", gram); //   rising
    const top = (x: Tensor) => x.narrow(-1, x.size(-1) - components, components).flip([-1]);
    const leading = top(vectors);
    const directions = tall ? leading : W.T.matmul(leading); //                 [K, d, c]
    const norms = directions.norm([1], true);
    const size = top(values).unsqueeze(1); //                                   [K, 1, c]: σ²
    const real = size.gt(values.max([-1], true).unsqueeze(1).mul(1e-12)).and(norms.gt(0));
    return directions.div(norms.clamp(1e-300)).mul(real.to("float64"));
  }, "leading directions");
}

class Fitted implements SubspaceClassifier {
  constructor(
    readonly bases: Tensor, //                                                  [K, d, c]
    private readonly means: Tensor, //                                          [K, d]
    private readonly absent: Tensor, //                                         [K]: 0, or ∞ for absent classes
  ) {}

  residuals(Z: Tensor): Tensor {
    checkDimension("nearest subspace", Z, this.means.size(1));
    return noGrad(() =>
      scope(() => {
        const { bases, means, absent } = this;
        const z = Z.to("float64"); //                                           [n, d]
        const inside = z.matmul(bases).sub(means.unsqueeze(1).matmul(bases)); // [K, n, c]: Bᵀ(z − μ)
        const length = z
          .square()
          .sum([1], true)
          .sub(z.matmul(means.T).mul(2))
          .add(means.square().sum([1])); //                                     [n, K]: ‖z − μ‖²
        return length
          .sub(inside.square().sum([2]).T)
          .clamp(0)
          .add(absent);
      }, "residuals"),
    );
  }

  predict(Z: Tensor): Tensor {
    return scope(() => this.residuals(Z).argmin(1), "predict");
  }

  dispose(): void {
    for (const owned of [this.bases, this.means, this.absent]) owned.dispose();
  }
  [Symbol.dispose](): void {
    this.dispose();
  }
}
