/** @file The linear classifier with a closed form: least squares onto one-hot labels. */

import {
  aten,
  cat,
  eye,
  type Group,
  keep,
  noGrad,
  ones,
  scope,
  sumGrams,
  type Tensor,
  zeros,
} from "../../tensor/index.ts";
import { type Classifier, checkDimension, checkFeatures } from "./classifier.ts";
import { type Statistics, standardised, statisticsOf } from "./standardise.ts";

/** Rows widened to float64 at a time. */
const ROWS = 8192;

/**
 * Minimises ‖X W − Y‖² / n + ridge ‖W‖² exactly: X the features with mean 0 and deviation 1 and a constant, Y one-hot.
 *
 * @param Z features, [n, d]
 * @param labels int64 [n], 0 ≤ label < classes
 * @param across processes that have other features: the fit is to those of all. Beside their statistics
 *   (d + 1)(d + 2)/2 + (d + 1) K numbers are sent.
 * @throws {UsageError} features not finite
 */
export function leastSquares(
  Z: Tensor,
  labels: Tensor,
  { classes, ridge = 1e-4, across }: { classes: number; ridge?: number; across?: Group | undefined },
): Classifier {
  checkFeatures("least squares", Z, labels);
  return noGrad(() =>
    scope(() => {
      const statistics = statisticsOf(Z, across);
      const d = Z.size(1);
      const place = { dtype: "float64", device: Z.device } as const;
      const [gram, products] = [zeros([d + 1, d + 1], place), zeros([d + 1, classes], place)];
      for (let at = 0; at < Z.size(0); at += ROWS)
        scope(() => {
          const length = Math.min(ROWS, Z.size(0) - at);
          const X = withConstant(standardised(Z.detach().narrow(0, at, length), statistics)); // [b, d + 1]
          const Y = aten("one_hot", labels.narrow(0, at, length), classes).to("float64");
          gram.add_(X.T.matmul(X));
          products.add_(X.T.matmul(Y));
        }, "normal equations");
      const all = across === undefined ? gram : sumGrams(gram.unsqueeze(0), across).squeeze(0);
      if (across !== undefined) across.allReduce(products);
      const n = all.narrow(0, d, 1).narrow(1, d, 1); //                         the constant's square
      const factor = aten("linalg_cholesky", all.add(eye(d + 1, place).mul(n.mul(ridge))));
      const W = aten("cholesky_solve", products, factor); //                    [d + 1, K]
      return new Fitted(keep(W), { mean: keep(statistics.mean), deviation: keep(statistics.deviation) });
    }, "least squares"),
  );
}

const withConstant = (X: Tensor): Tensor =>
  cat([X.to("float64"), ones([X.size(0), 1], { dtype: "float64", device: X.device })], 1);

class Fitted implements Classifier {
  constructor(
    private readonly W: Tensor,
    private readonly statistics: Statistics,
  ) {}

  predict(Z: Tensor): Tensor {
    checkDimension("least squares", Z, this.W.size(0) - 1);
    return noGrad(() =>
      scope(() => withConstant(standardised(Z, this.statistics)).matmul(this.W).argmax(1), "least squares"),
    );
  }

  dispose(): void {
    for (const tensor of [this.W, this.statistics.mean, this.statistics.deviation]) tensor.dispose();
  }
  [Symbol.dispose](): void {
    this.dispose();
  }
}
