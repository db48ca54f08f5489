/** @file Positions of patches: fixed sines and cosines on a grid, and learned ones brought to another grid. */

import type { Size } from "../../base/size.ts";
import { aten, cat, noGrad, scope, type Tensor, tensor, UsageError } from "../../tensor/index.ts";
import { patchGrid } from "../settings.ts";

/** Rows and columns of patches. */
export type Grid = readonly [rows: number, columns: number];

/** sin(ωᵢ x) for all i, then cos(ωᵢ x), ωᵢ = 10000^(−i / (d/2)): d numbers. */
function waves(x: number, d: number): number[] {
  const angles = Array.from({ length: d / 2 }, (_, i) => x / 10000 ** (i / (d / 2)));
  return [...angles.map(Math.sin), ...angles.map(Math.cos)];
}

/**
 * Fixed positions, a row of zeros for the class token first: the first half of a row's d numbers encodes the column, the
 * second half the row.
 *
 * @returns [1, rows · columns + 1, d]
 * @throws {UsageError} d is no multiple of 4
 */
export function sinCosPositions(d: number, [rows, columns]: Grid): Tensor {
  if (d % 4 !== 0) throw new UsageError(`positions: expected a width that is a multiple of 4, got ${d}`);
  const numbers: number[] = Array.from({ length: d }, () => 0);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      numbers.push(...waves(column, d / 2), ...waves(row, d / 2));
  return tensor(Float32Array.from(numbers), { shape: [1, rows * columns + 1, d] });
}

/** [1, n, d], the class token's first, brought to another grid by bicubic interpolation at these ratios of sides. */
function resized(positions: Tensor, from: Grid, to: Grid, ratios: Grid | null): Tensor {
  const [, n, d] = positions.shape as [number, number, number];
  const [rows, columns] = from;
  if (n !== rows * columns + 1)
    throw new UsageError(`positions: expected ${rows} × ${columns} + 1 of them, got ${n}`);
  return scope(() => {
    const grid = positions.narrow(1, 1, n - 1).reshape([1, rows, columns, d]);
    const scales = ratios ?? [null, null];
    const wide = aten("upsample_bicubic2d", grid.permute([0, 3, 1, 2]), [...to], false, ...scales);
    const patches = wide.permute([0, 2, 3, 1]).reshape([1, to[0] * to[1], d]);
    return cat([positions.narrow(1, 0, 1), patches], 1);
  }, "interpolate positions");
}

/**
 * Positions for another number of patches, bicubic, without gradients; the class token's stays.
 *
 * @param positions [1, n, d], the class token's first
 * @returns [1, n′, d]
 * @throws {UsageError} tokens that do not fill the grid
 */
export const interpolatePositions = (positions: Tensor, from: Grid, to: Grid): Tensor =>
  noGrad(() => resized(positions, from, to, null));

/**
 * Learned positions for images of another size, through which gradients flow; the very tensor where the grids are equal.
 * As in DINO's code the ratio of the grids is taken of sides that are a tenth of a patch longer.
 *
 * @param positions [1, n, d], the class token's first
 * @returns [1, n′, d]
 */
export function positionsFor(positions: Tensor, from: Grid, to: Grid): Tensor {
  if (from[0] === to[0] && from[1] === to[1]) return positions;
  return resized(positions, from, to, [(to[0] + 0.1) / from[0], (to[1] + 0.1) / from[1]]);
}

/**
 * Learned positions for images [b, c, H, W]: as they are, or interpolated where the images are of another size than the
 * network's.
 */
export function positionsOf(
  positions: Tensor,
  X: Tensor,
  { imageSize, patch }: { imageSize: Size; patch: Size },
): Tensor {
  const given: Size = [X.size(2), X.size(3)];
  return positionsFor(positions, patchGrid({ imageSize, patch }), patchGrid({ imageSize: given, patch }));
}
