/** @file Masks on a grid of patches or pixels: components, holes, boxes, overlap, enlargement. */

import { UsageError } from "../../tensor/index.ts";

/** A set of cells: 1 where a cell is in it, row by row. */
export interface Mask {
  rows: number;
  columns: number;
  cells: Uint8Array;
}

/** A rectangle of cells; `right` and `bottom` are just outside. */
export interface Rectangle {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** A mask of rows of zeros and ones. @throws {UsageError} rows of different lengths */
export function maskOf(lines: readonly (readonly number[])[]): Mask {
  const columns = lines[0]?.length ?? 0;
  if (lines.some((line) => line.length !== columns))
    throw new UsageError(`mask: expected rows of ${columns} cells, got rows of different lengths`);
  return { rows: lines.length, columns, cells: Uint8Array.from(lines.flat()) };
}

/** Cells in the mask. */
export const area = ({ cells }: Mask): number => cells.reduce((sum, cell) => sum + cell, 0);

/** All cells that a path of side-by-side cells (no diagonals) joins to `seed`, of those that `inside` accepts. */
function flood(rows: number, columns: number, seeds: readonly number[], inside: (at: number) => boolean) {
  const cells = new Uint8Array(rows * columns);
  const open = seeds.filter(inside);
  for (const at of open) cells[at] = 1;
  const visit = (at: number) => {
    if (cells[at] === 1 || !inside(at)) return;
    cells[at] = 1;
    open.push(at);
  };
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    const column = at % columns;
    if (column > 0) visit(at - 1);
    if (column < columns - 1) visit(at + 1);
    if (at >= columns) visit(at - columns);
    if (at < (rows - 1) * columns) visit(at + columns);
  }
  return cells;
}

/** The 4-connected component of the mask that holds a cell; empty when the cell is not in the mask. */
export function componentOf({ rows, columns, cells }: Mask, seed: number): Mask {
  return { rows, columns, cells: flood(rows, columns, [seed], (at) => cells[at] === 1) };
}

/** The 4-connected components of a mask, in the order of their first cells. */
export function components(mask: Mask): Mask[] {
  const seen = new Uint8Array(mask.cells.length);
  const found: Mask[] = [];
  mask.cells.forEach((cell, at) => {
    if (cell === 0 || seen[at] === 1) return;
    const part = componentOf(mask, at);
    part.cells.forEach((inside, i) => {
      if (inside) seen[i] = 1;
    });
    found.push(part);
  });
  return found;
}

/** The mask and every cell outside it that no path outside it (no diagonals) joins to the border. */
export function fillHoles({ rows, columns, cells }: Mask): Mask {
  const border = Array.from(cells, (_, at) => at).filter((at) => {
    const [row, column] = [Math.floor(at / columns), at % columns];
    return row === 0 || column === 0 || row === rows - 1 || column === columns - 1;
  });
  const outside = flood(rows, columns, border, (at) => cells[at] === 0);
  return { rows, columns, cells: outside.map((cell) => 1 - cell) };
}

/** The smallest rectangle around a mask, in cells; nothing for an empty one. */
export function boxOf({ columns, cells }: Mask): Rectangle | undefined {
  const box = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
  cells.forEach((cell, at) => {
    if (cell === 0) return;
    const [row, column] = [Math.floor(at / columns), at % columns];
    box.left = Math.min(box.left, column);
    box.top = Math.min(box.top, row);
    box.right = Math.max(box.right, column + 1);
    box.bottom = Math.max(box.bottom, row + 1);
  });
  return box.left === Infinity ? undefined : box;
}

/** The mask on another grid: each cell takes the value of the cell it falls in (nearest neighbour). */
export function enlarge({ rows, columns, cells }: Mask, height: number, width: number): Mask {
  const out = new Uint8Array(height * width);
  for (let y = 0; y < height; y++) {
    const row = Math.floor((y * rows) / height) * columns;
    for (let x = 0; x < width; x++) out[y * width + x] = cells[row + Math.floor((x * columns) / width)]!;
  }
  return { rows: height, columns: width, cells: out };
}

/** What an intersection is measured against: the union, or the first of the two where the second is a crowd. */
export type Against = "union" | "first";

/** |a ∩ b| / |a ∪ b|, or / |a|; 0 for two empty masks. @throws {UsageError} masks of different sizes */
export function maskIou(a: Mask, b: Mask, against: Against = "union"): number {
  if (a.rows !== b.rows || a.columns !== b.columns)
    throw new UsageError(
      `IoU: expected masks of one size, got ${a.rows} × ${a.columns} and ${b.rows} × ${b.columns}`,
    );
  let [both, whole] = [0, 0];
  a.cells.forEach((cell, at) => {
    both += cell & b.cells[at]!;
    whole += against === "union" ? cell | b.cells[at]! : cell;
  });
  return whole === 0 ? 0 : both / whole;
}

/** The same of two rectangles. */
export function boxIou(a: Rectangle, b: Rectangle, against: Against = "union"): number {
  const both = boxArea({
    left: Math.max(a.left, b.left),
    top: Math.max(a.top, b.top),
    right: Math.min(a.right, b.right),
    bottom: Math.min(a.bottom, b.bottom),
  });
  const whole = against === "union" ? boxArea(a) + boxArea(b) - both : boxArea(a);
  return whole === 0 ? 0 : both / whole;
}

/** Cells in a rectangle; 0 for one that is turned inside out. */
export const boxArea = ({ left, top, right, bottom }: Rectangle): number =>
  Math.max(0, right - left) * Math.max(0, bottom - top);
