/** @file Linear support vector machine, one class against the rest, with the squared hinge. */

import { segments } from "../../rate/index.ts";
import {
  aten,
  cat,
  eye,
  keep,
  NotFiniteError,
  noGrad,
  ones,
  scope,
  type Tensor,
  zeros,
} from "../../tensor/index.ts";
import { type Classifier, checkDimension, checkFeatures } from "./classifier.ts";

export interface LinearSvmOptions {
  classes: number;
  /** C, the weight of the hinge against ‖w‖²; 1 when left out. */
  cost?: number;
  /** The constant feature whose weight gives the intercept, which is shrunk with the others; 1 when left out. */
  interceptScaling?: number;
}

export interface LinearSvm extends Classifier {
  /** [K, d] */
  readonly weights: Tensor;
  /** [K] */
  readonly intercepts: Tensor;
  /** Z [n, d] → [n, K], double precision */
  scores(Z: Tensor): Tensor;
}

/** Rows whose products are formed at a time, K copies of them. */
const ROWS = 2048;
const STEPS = 100;

/**
 * Minimises for each class, y = ±1, over w that includes the intercept,
 *
 *     ½ ‖w‖² + C Σᵢ max(0, 1 − yᵢ wᵀxᵢ)²
 *
 * to its optimum, by Newton's method on all classes at once: the objective is strictly convex and quadratic piece by
 * piece, so that a few steps end at the exact minimum.
 *
 * @param Z features, [n, d]
 * @param labels int64 [n], 0 ≤ label < classes
 * @throws {UsageError} features not finite, labels out of range
 */
export function linearSvm(Z: Tensor, labels: Tensor, options: LinearSvmOptions): LinearSvm {
  checkFeatures("linear svm", Z, labels);
  const { classes, cost = 1, interceptScaling = 1 } = options;
  return noGrad(() =>
    scope(() => {
      segments(labels, classes); // for its check of the range
      const n = Z.size(0);
      const place = { dtype: "float64", device: Z.device } as const;
      const X = cat([Z.detach().to("float64"), ones([n, 1], place).mul(interceptScaling)], 1); // [n, D]
      const Y = aten("one_hot", labels, classes).T.to("float64").mul(2).sub(1); //               [K, n]
      const W = inSpan(X, (rows) => minimise(rows, Y, cost)); //                                [K, D]
      const d = Z.size(1);
      const weights = W.narrow(1, 0, d).contiguous();
      const intercepts = W.select(1, d).mul(interceptScaling);
      return new Fitted(keep(weights), keep(intercepts));
    }, "linear svm"),
  );
}

/** Solves in the span of the samples where that is smaller than their space: the optimum lies in it. */
function inSpan(X: Tensor, solve: (X: Tensor) => Tensor): Tensor {
  const [n, D] = X.shape as [number, number];
  if (D <= n) return solve(X);
  const [Q, R] = aten<[Tensor, Tensor]>("linalg_qr", X.T, "reduced"); //        [D, n], [n, n]
  return solve(R.T.contiguous()).matmul(Q.T);
}

/** Newton's method with a step that is halved, class by class, until the objective falls enough. */
function minimise(X: Tensor, Y: Tensor, cost: number): Tensor {
  let W = zeros([Y.size(0), X.size(1)], { dtype: "float64", device: X.device });
  for (let i = 0; i < STEPS; i++) {
    const next = scope(() => {
      const hinge = hinges(X, Y, W); //                                         [K, n]
      const gradient = W.sub(
        hinge
          .mul(Y)
          .matmul(X)
          .mul(2 * cost),
      ); //          [K, D]
      if (gradient.norm([1]).max().item() <= 1e-9 * cost * X.size(0)) return undefined;
      const H = hessians(X, hinge.gt(0), cost); //                              [K, D, D]
      const direction = aten("linalg_solve", H, gradient.unsqueeze(-1)).squeeze(-1).neg();
      return search(X, Y, W, direction, gradient, cost);
    }, "newton");
    if (next === undefined) return W;
    W = next;
  }
  throw new NotFiniteError(`linear svm: no optimum after ${STEPS} steps; scale the features`);
}

/** max(0, 1 − y wᵀx): [K, n] */
const hinges = (X: Tensor, Y: Tensor, W: Tensor): Tensor =>
  scope(() => W.matmul(X.T).mul(Y).neg().add(1).relu(), "hinge");

const objectives = (X: Tensor, Y: Tensor, W: Tensor, cost: number): Tensor =>
  scope(
    () =>
      W.square()
        .sum([1])
        .div(2)
        .add(hinges(X, Y, W).square().sum([1]).mul(cost)),
    "objective",
  );

/** I + 2C Σ x xᵀ over the samples inside the margin of each class: [K, D, D] */
function hessians(X: Tensor, active: Tensor, cost: number): Tensor {
  const [n, D] = X.shape as [number, number];
  const H = eye(D, { dtype: "float64", device: X.device })
    .expand([active.size(0), D, D])
    .clone();
  for (let at = 0; at < n; at += ROWS)
    scope(() => {
      const rows = X.narrow(0, at, Math.min(ROWS, n - at)); //                  [b, D]
      const mask = active.narrow(1, at, rows.size(0)).to("float64").unsqueeze(-1);
      H.add_(
        rows
          .mul(mask)
          .T.matmul(rows)
          .mul(2 * cost),
      );
    }, "hessian");
  return H;
}

function search(X: Tensor, Y: Tensor, W: Tensor, direction: Tensor, gradient: Tensor, cost: number): Tensor {
  const before = objectives(X, Y, W, cost); //                                  [K]
  const slope = direction.mul(gradient).sum([1]); //                            [K], negative
  let t = ones(before.shape, { dtype: "float64", device: X.device });
  for (let i = 0; i < 40; i++) {
    const trial = W.add(direction.mul(t.unsqueeze(-1)));
    const allowed = before.add(slope.mul(t).mul(1e-4)).add(before.mul(1e-14));
    const good = objectives(X, Y, trial, cost).le(allowed);
    if (good.all().item() === 1) return trial;
    t = t.where(good, t.div(2));
  }
  return W.add(direction.mul(t.unsqueeze(-1)));
}

class Fitted implements LinearSvm {
  constructor(
    readonly weights: Tensor,
    readonly intercepts: Tensor,
  ) {}

  scores(Z: Tensor): Tensor {
    checkDimension("linear svm", Z, this.weights.size(1));
    return noGrad(() => scope(() => Z.to("float64").linear(this.weights, this.intercepts), "scores"));
  }
  predict(Z: Tensor): Tensor {
    return scope(() => this.scores(Z).argmax(1), "predict");
  }

  dispose(): void {
    this.weights.dispose();
    this.intercepts.dispose();
  }
  [Symbol.dispose](): void {
    this.dispose();
  }
}
