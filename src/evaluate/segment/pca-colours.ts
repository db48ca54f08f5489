/** @file Patches coloured by the principal components of their features, in the paper's way and in its code's. */

import type { Grid } from "../../model/index.ts";
import { aten, noGrad, scope, type Tensor, tensor, UsageError } from "../../tensor/index.ts";
import { fillHoles, type Mask } from "./mask.ts";

/** One image's patches: which are in front, and red, green and blue in [0, 1] of each, patch by patch. */
export interface Coloured {
  foreground: Mask;
  colours: Float64Array;
}

export interface PcaOptions {
  /** Whether the foreground is what lies below the threshold: signs of components are arbitrary. */
  inverse?: boolean;
  /** Of scores brought to [0, 1]; ½. */
  threshold?: number;
}

/**
 * Scores along the leading eigenvectors of XᵀX, largest first, each with its largest loading positive.
 * @param X [m, d], centred by the caller or not
 */
function scores(X: Tensor, count: number): number[][] {
  const Y = X.to("float64").to("cpu");
  const [, vectors] = aten<[Tensor, Tensor]>("linalg_eigh", Y.T.matmul(Y));
  const d = Y.size(1);
  return Array.from({ length: count }, (_, k) => {
    const u = vectors.select(1, d - 1 - k).contiguous();
    const loadings = u.numbers();
    const sign = loadings.reduce((best, x) => (Math.abs(x) > Math.abs(best) ? x : best), 0) < 0 ? -1 : 1;
    return Y.matmul(u.mul(sign)).contiguous().numbers();
  });
}

const centred = (X: Tensor): Tensor => X.sub(X.mean([0], true));

function range(values: readonly number[]): (x: number) => number {
  const low = values.reduce((a, b) => Math.min(a, b), Infinity);
  const high = values.reduce((a, b) => Math.max(a, b), -Infinity);
  return (x) => (high > low ? (x - low) / (high - low) : 0);
}

function check(features: Tensor, [rows, columns]: Grid, components: number): [J: number, N: number] {
  const [J, N, d] = features.shape as [number, number, number];
  if (features.dim !== 3 || N !== rows * columns || d < components)
    throw new UsageError(
      `colours: expected features [images, ${rows * columns}, ${components} or more], got ${features.describe()}`,
    );
  return [J, N];
}

/** Masks of the images' grids from flags of all their patches. */
const masks = (front: readonly boolean[], J: number, [rows, columns]: Grid): Mask[] =>
  Array.from({ length: J }, (_, j) => {
    const cells = Uint8Array.from({ length: rows * columns }, (_, at) =>
      front[j * rows * columns + at] ? 1 : 0,
    );
    return { rows, columns, cells };
  });

/** Patches in front, as rows of all images' patches. */
const frontRows = (foreground: readonly Mask[]): number[] =>
  foreground.flatMap(({ cells }, j) =>
    Array.from(cells, (cell, at) => (cell ? j * cells.length + at : -1)).filter((row) => row >= 0),
  );

const pick = (X: Tensor, rows: readonly number[]): Tensor =>
  X.indexSelect(0, tensor(BigInt64Array.from(rows, BigInt)));

/**
 * The paper's way, for images of one class: the first direction of the second moment, not centred, parts foreground from
 * background; three centred components of the foreground alone are its colours, each brought to [0, 1] over all images.
 * The first direction is turned so that its scores have a sum ≥ 0. The background is black.
 *
 * @param features [J, N, d], patches row by row
 * @throws {UsageError} features that do not fill the grid
 * @see Yu and Chu et al. 2024, PCA of patch features
 */
export function paperColours(features: Tensor, grid: Grid, options: PcaOptions = {}): Coloured[] {
  const { inverse = false, threshold = 0.5 } = options;
  const [J, N] = check(features, grid, 3);
  return noGrad(() =>
    scope(() => {
      const X = features.detach().to("cpu").flatten(0, 1);
      const [raw] = scores(X, 1);
      const turn = raw!.reduce((sum, x) => sum + x, 0) < 0 ? -1 : 1;
      const first = raw!.map((x) => turn * x);
      const unit = range(first);
      const foreground = masks(
        first.map((x) => unit(x) > threshold !== inverse),
        J,
        grid,
      );
      const rows = frontRows(foreground);
      const colours = Array.from({ length: J }, () => new Float64Array(3 * N));
      if (rows.length > 0)
        scores(centred(pick(X, rows)), 3).forEach((values, c) => {
          const shade = range(values);
          rows.forEach((row, i) => {
            colours[Math.floor(row / N)]![3 * (row % N) + c] = shade(values[i]!);
          });
        });
      return foreground.map((mask, j) => ({ foreground: mask, colours: colours[j]! }));
    }, "paper's colours"),
  );
}

/**
 * The code's way: four centred components of all patches; the fourth, brought to [0, 1] in each image, parts foreground
 * from background, and holes of the foreground are filled. Of four centred components of the foreground the last three
 * are the colours, each brought to [0, 1] within its image, where the background has a value of 1 below the least.
 * (That the authors' code also takes a foreground patch with a coordinate of exactly 0 for background is left out.)
 *
 * @param features [J, N, d], patches row by row
 * @throws {UsageError} features that do not fill the grid
 */
export function codeColours(features: Tensor, grid: Grid, options: PcaOptions = {}): Coloured[] {
  const { inverse = false, threshold = 0.5 } = options;
  const [J, N] = check(features, grid, 4);
  return noGrad(() =>
    scope(() => {
      const X = features.detach().to("cpu").flatten(0, 1);
      const fourth = scores(centred(X), 4)[3]!;
      const front = Array.from({ length: J }, (_, j) => {
        const own = fourth.slice(j * N, (j + 1) * N);
        const unit = range(own);
        return own.map((x) => (inverse ? unit(x) < threshold : unit(x) > threshold));
      }).flat();
      const foreground = masks(front, J, grid).map(fillHoles);
      const rows = frontRows(foreground);
      const colours = Array.from({ length: J }, () => new Float64Array(3 * N));
      if (rows.length > 0)
        scores(centred(pick(X, rows)), 4)
          .slice(1)
          .forEach((values, c) => {
            const background = values.reduce((a, b) => Math.min(a, b), Infinity) - 1;
            for (let j = 0; j < J; j++) {
              const own = Array.from({ length: N }, () => background);
              rows.forEach((row, i) => {
                if (Math.floor(row / N) === j) own[row % N] = values[i]!;
              });
              const shade = range(own);
              own.forEach((x, at) => {
                colours[j]![3 * at + c] = shade(x);
              });
            }
          });
      return foreground.map((mask, j) => ({ foreground: mask, colours: colours[j]! }));
    }, "code's colours"),
  );
}
