/** @file Matrices as coloured cells: one path per colour, so that large matrices stay small files. */

import { type ColourMap, hex } from "./colour.ts";
import type { Box } from "./frame.ts";
import { el, num, type Svg, type SvgElement } from "./svg.ts";

/** A matrix, row by row. */
export interface Matrix {
  values: ArrayLike<number>;
  rows: number;
  columns: number;
}

/** Lowest and highest finite value; [0, 1] when there is none. */
export function extent(values: ArrayLike<number>): [number, number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i]!)) continue;
    low = Math.min(low, values[i]!);
    high = Math.max(high, values[i]!);
  }
  return low > high ? [0, 1] : [low, high];
}

/** The cells of a matrix in `box`, coloured over [low, high]; cells that are not finite have the class v-missing. */
export function drawCells(matrix: Matrix, box: Box, low: number, high: number, map: ColourMap): SvgElement {
  const { values, rows, columns } = matrix;
  const width = box.width / columns;
  const height = box.height / rows;
  const paths = new Map<string, string[]>();
  for (let row = 0; row < rows; row++) {
    const colourAt = (column: number) => {
      const value = values[row * columns + column]!;
      // 256 colours: neighbours that look the same become one cell
      const unit = high > low ? Math.round(((value - low) / (high - low)) * 255) / 255 : 0.5;
      return Number.isFinite(value) ? hex(map(unit)) : "";
    };
    for (let column = 0; column < columns; ) {
      const begin = column;
      const colour = colourAt(begin);
      while (column < columns && colourAt(column) === colour) column++;
      const list = paths.get(colour) ?? [];
      paths.set(colour, list);
      const x = num(box.x + begin * width);
      const y = num(box.y + row * height);
      list.push(`M${x} ${y}H${num(box.x + column * width)}V${num(box.y + (row + 1) * height)}H${x}z`);
    }
  }
  const svg: Svg[] = [];
  for (const [colour, d] of [...paths].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const paint = { fill: colour || "currentColor", class: colour ? undefined : "v-missing" };
    svg.push(el("path", { d: d.join(""), ...paint }));
  }
  return el("g", { "shape-rendering": "crispEdges" }, svg);
}
