/** @file Pictures of a closed loop: transcriptions below their originals, similarities and spectra as figures. */

import { type Figure, figure, heatMap, lineChart } from "../../chart/index.ts";
import { gridPixels, type Pixels } from "../../chart/pixels.ts";
import { cat, scope, type Tensor, UsageError } from "../../tensor/index.ts";
import type { Similarity } from "./pictures.ts";

/** Originals above what the loop makes of them, `columns` in a row: both [n, c, H, W] in [−1, 1]. */
export function transcriptionPixels(images: Tensor, transcribed: Tensor, columns = 8): Pixels {
  return scope(() => {
    const rows = Math.floor(images.size(0) / columns);
    if (rows < 1) throw new UsageError(`grid: expected at least ${columns} images, got ${images.size(0)}`);
    const lines = (X: Tensor) =>
      X.narrow(0, 0, rows * columns).reshape([rows, 1, columns, ...X.shape.slice(1)]);
    const pairs = lines(images).to("float32");
    const both = [pairs, lines(transcribed).to("float32")];
    return gridPixels(interleave(both, rows, columns));
  });
}

/** Row r of the first, row r of the second, and so on: each [rows, 1, columns, c, H, W] → [2 rows, columns, c, H, W]. */
function interleave([first, second]: Tensor[], rows: number, columns: number): Tensor {
  const shape = [2 * rows, columns, ...first!.shape.slice(3)];
  const parts = Array.from({ length: rows }, (_, r) => [
    first!.narrow(0, r, 1),
    second!.narrow(0, r, 1),
  ]).flat();
  return cat(parts).reshape(shape);
}

/** Most rows and columns of a similarity figure: more are averaged, in blocks. */
const CELLS = 100;

/** |ZᵀẐ| as a heat map, sorted by class; large ones as means over blocks. */
export function similarityFigure({ values, ends }: Similarity, title: string): Figure {
  const n = values.size(0);
  const block = Math.ceil(n / CELLS);
  const side = Math.floor(n / block);
  const means = scope(() =>
    values
      .narrow(0, 0, side * block)
      .narrow(1, 0, side * block)
      .reshape([side, block, side, block])
      .mean([1, 3])
      .numbers(),
  );
  const names = Array.from({ length: side }, (_, i) => String(ends.findIndex((end) => i * block < end)));
  const axis = { label: "class", names };
  const chart = heatMap({
    rows: side,
    columns: side,
    values: means,
    x: axis,
    y: axis,
    min: 0,
    max: 1,
    label: "|cos|",
  });
  return figure({ title }, chart);
}

/** Singular values of each class, by rank. @param spectra one list per class, falling */
export function spectraFigure(spectra: readonly (readonly number[])[], title: string): Figure {
  const series = spectra.map((values, k) => ({
    name: `class ${k}`,
    x: values.map((_, i) => i + 1),
    y: [...values],
  }));
  return figure({ title }, lineChart({ series, x: { label: "component" }, y: { label: "singular value" } }));
}
