/** @file The non-negative lasso ½‖Y − A Dᵀ‖² + λ‖A‖₁, A ≥ 0, one sample per row, and the iterations that lower it. */

import { aten, scope, type Tensor } from "../../tensor/index.ts";

export interface Lasso {
  /** [n, d] */
  Y: Tensor;
  /** [d, m] */
  D: Tensor;
  lambda: number;
}

/** ½‖Y − A Dᵀ‖² + λ‖A‖₁ */
const lassoValue = ({ Y, D, lambda }: Lasso, A: Tensor): number =>
  scope(() => Y.sub(A.matmul(D.T)).square().sum().item() / 2 + lambda * A.abs().sum().item());

/** ReLU(A + η (Y − A Dᵀ) D − ηλ), one proximal gradient step. */
export const lassoStep = ({ Y, D, lambda }: Lasso, A: Tensor, step: number): Tensor =>
  scope(() =>
    A.add(Y.sub(A.matmul(D.T)).matmul(D).mul(step))
      .sub(step * lambda)
      .relu(),
  );

/** λ_max(DᵀD): steps up to its inverse descend. */
export const curvatureOf = ({ D }: Lasso): number =>
  scope(() => aten("linalg_eigvalsh", D.T.matmul(D)).max().item());

/** Objective before and after each of `count` steps from A. */
export function istaCourse(lasso: Lasso, start: Tensor, step: number, count: number): number[] {
  return scope(() => {
    let A = start;
    const values = [lassoValue(lasso, A)];
    for (let k = 0; k < count; k++) {
      A = lassoStep(lasso, A, step);
      values.push(lassoValue(lasso, A));
    }
    return values;
  });
}

/** FISTA with step 1/λ_max(DᵀD): the objectives, and the solution it ends with. */
export function fista(lasso: Lasso, start: Tensor, count: number): { values: number[]; solution: Tensor } {
  return scope(() => {
    const step = 1 / curvatureOf(lasso);
    let [A, B, t] = [start, start, 1];
    const values = [lassoValue(lasso, A)];
    for (let k = 0; k < count; k++) {
      const next = lassoStep(lasso, B, step);
      const momentum = (1 + Math.sqrt(1 + 4 * t * t)) / 2;
      B = next.add(next.sub(A).mul((t - 1) / momentum));
      [A, t] = [next, momentum];
      values.push(lassoValue(lasso, A));
    }
    return { values, solution: A };
  });
}
