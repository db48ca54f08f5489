/** @file Nearest subspace: a class is the span of its leading directions, a sample belongs where its residual is least. */

import { segments } from "../../rate/index.ts";
import { aten, full, keep, noGrad, scope, type Tensor, tensor, UsageError } from "../../tensor/index.ts";
import { type Classifier, checkDimension, checkFeatures } from "./classifier.ts";

export interface NearestSubspaceOptions {
  classes: number;
  /** Directions per class; the authors take 30 for MCR², 10 for ReduNet and CTRL, 15 for i-CTRL. */
  components: number;
  /** Whether each class is centred first (their PCA variant), or taken as it is (SVD). */
  centred: boolean;
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
  { classes, components, centred }: NearestSubspaceOptions,
): SubspaceClassifier {
  checkFeatures("nearest subspace", Z, labels);
  const d = Z.size(1);
  if (!(Number.isInteger(components) && components > 0 && components < d))
    throw new UsageError(
      `nearest subspace: expected components from 1 to ${d - 1}, one less than the dimension, got ${components}`,
    );
  return noGrad(() =>
    scope(() => {
      const sorted = segments(labels, classes);
      for (const [k, count] of sorted.counts.entries())
        if (count > 0 && count < components)
          throw new UsageError(
            `nearest subspace: expected at least ${components} samples of class ${k} for as many components, got ${count}`,
          );
      const place = { dtype: "float64", device: Z.device } as const;
      const counts = tensor(sorted.counts as number[], place)
        .clamp(1)
        .reshape([-1, 1, 1]);
      const rows = sorted.pad(Z.to("float64")); //                              [K, m, d]
      const means = rows.sum([1], true).div(counts); //                         [K, 1, d]
      const present = sorted.pad(full([Z.size(0), 1], 1, place)); //            [K, m, 1]
      const centredRows = centred ? rows.sub(means).mul(present) : rows;
      const bases = leadingDirections(centredRows, components); //              [K, d, c]
      const offsets = (centred ? means : means.mul(0)).squeeze(1); //           [K, d]
      const absent = tensor(
        sorted.counts.map((count) => (count > 0 ? 0 : Number.POSITIVE_INFINITY)),
        place,
      );
      return new Fitted(keep(bases), keep(offsets), keep(absent));
    }, "nearest subspace"),
  );
}

/** The right singular vectors of W [K, m, d] with the largest singular values: [K, d, c], zero beyond the rank. */
function leadingDirections(W: Tensor, components: number): Tensor {
  return scope(() => {
    const tall = W.size(1) >= W.size(2);
    const gram = tall ? W.T.matmul(W) : W.matmul(W.T); //                       the smaller side
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
