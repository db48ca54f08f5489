/** @file TokenCut and MaskCut: objects as the sides of normalised cuts of an image's patches. */

import type { Grid } from "../../model/index.ts";
import { scope, type Tensor, UsageError } from "../../tensor/index.ts";
import { area, componentOf, type Mask, maskIou } from "./mask.ts";
import { normalisedCut, paintOut, patchAffinity } from "./normalised-cut.ts";

export interface CutOptions {
  /** τ, the cosine above which patches are alike; 0.2 for TokenCut, 0.15 for MaskCut. */
  threshold?: number;
}

function checkGrid(features: Tensor, [rows, columns]: Grid): void {
  if (features.dim !== 2 || features.size(0) !== rows * columns)
    throw new UsageError(
      `cut: expected features of ${rows} × ${columns} patches, got ${features.describe()}`,
    );
}

const largest = (v: ArrayLike<number>, value: (x: number) => number): number =>
  Array.from(v, value).reduce((best, x, at, all) => (x > all[best]! ? at : best), 0);

/**
 * The side of a cut that is the object: above the mean, and turned over when it lacks the patch of the largest |v| or,
 * with `corners`, when it holds three of the image's corners or all four. Of it the component around the seed stays.
 */
function objectSide(v: Float64Array, [rows, columns]: Grid, corners: boolean): Mask {
  const mean = v.reduce((sum, x) => sum + x, 0) / v.length;
  const above = Uint8Array.from(v, (x) => (x > mean ? 1 : 0));
  const seed = largest(v, Math.abs);
  const inCorners = [0, columns - 1, (rows - 1) * columns, rows * columns - 1].filter(
    (at) => above[at] === 1,
  );
  const turned = (corners && inCorners.length >= 3) || above[seed] === 0;
  const cells = turned ? above.map((cell) => 1 - cell) : above;
  if (!corners) return componentOf({ rows, columns, cells }, seed);
  return componentOf(
    { rows, columns, cells },
    largest(v, (x) => (turned ? -x : x)),
  );
}

/**
 * TokenCut: one normalised cut of the patches' graph, the object being the component around the patch with the largest
 * |v|.
 *
 * @param features of the patches row by row, [N, d]: queries and keys of a layer, for CRATE the tokens in its subspaces
 * @returns a mask of patches
 * @throws {UsageError} features that do not fill the grid
 * @see Wang et al. 2022, the method
 */
export function tokenCut(features: Tensor, grid: Grid, { threshold = 0.2 }: CutOptions = {}): Mask {
  checkGrid(features, grid);
  return scope(() => objectSide(normalisedCut(patchAffinity(features, threshold)), grid, false), "token cut");
}

export interface MaskCutOptions extends CutOptions {
  /** Masks at most; 3. */
  rounds?: number;
}

/** A later mask is dropped when it overlaps the one before by more than this, */
const OVERLAP = 0.5;
/** or has no more than this share of the patches. */
const SMALL = 0.01;

/**
 * MaskCut: normalised cuts one after the other, each without the patches of the masks before. As in the authors' code a
 * round that is dropped leaves the features as they are, and the next round is compared with its empty mask. Without the
 * conditional random field, which the segmentation paper's tables skip too.
 *
 * @param features [N, d], as for `tokenCut`
 * @returns masks of patches that do not overlap, empty ones left out
 * @throws {UsageError} features that do not fill the grid
 * @see Wang et al. 2023, the method
 */
export function maskCut(features: Tensor, grid: Grid, options: MaskCutOptions = {}): Mask[] {
  const { threshold = 0.15, rounds = 3 } = options;
  checkGrid(features, grid);
  return scope(() => {
    const [rows, columns] = grid;
    const painted = new Uint8Array(rows * columns);
    const found: Mask[] = [];
    let before: Mask | undefined;
    let v: Float64Array | undefined;
    for (let round = 0; round < rounds; round++) {
      v ??= normalisedCut(patchAffinity(paintOut(features, painted), threshold));
      const mask = objectSide(v, grid, true);
      const dropped =
        before !== undefined && (maskIou(before, mask) > OVERLAP || area(mask) <= SMALL * rows * columns);
      if (dropped) mask.cells.fill(0);
      before = { ...mask, cells: mask.cells.slice() };
      mask.cells.forEach((cell, at) => {
        if (painted[at] === 1) mask.cells[at] = 0;
        else if (cell === 1) painted[at] = 1;
      });
      if (area(mask) > 0) found.push(mask);
      if (!dropped) v = undefined; // the graph has changed
    }
    return found;
  }, "mask cut");
}
