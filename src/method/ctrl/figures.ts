/** @file Pictures of a closed loop as files: grids as PNG, similarities and spectra as SVG. */

import sharp from "sharp";
import { writeFileAtomic } from "../../base/write-file.ts";
import { type Figure, figure, heatMap, lineChart } from "../../chart/index.ts";
import { cat, scope, type Tensor, UsageError } from "../../tensor/index.ts";
import type { Similarity } from "./pictures.ts";

/** Pixels of a picture, row by row, channel by channel within a pixel. */
export interface Pixels {
  data: Uint8Array;
  width: number;
  height: number;
  channels: 1 | 3;
}

/** Pixels between two images of a grid. */
const GAP = 2;

/**
 * Images side by side.
 * @param images [rows, columns, c, H, W] in [−1, 1], one or three channels
 * @param options.enlarge each pixel as a square of so many
 */
export function gridPixels(images: Tensor, { enlarge = 2 }: { enlarge?: number } = {}): Pixels {
  const [rows, columns, channels, H, W] = images.shape as [number, number, number, number, number];
  if (images.dim !== 5 || (channels !== 1 && channels !== 3))
    throw new UsageError(`grid: expected images [rows, columns, 1 or 3, H, W], got ${images.describe()}`);
  const bytes = scope(() =>
    images.detach().to("float32").add(1).mul(127.5).round().clamp(0, 255).to("uint8").to("cpu").data(),
  ) as Uint8Array;
  const [width, height] = [columns * (W * enlarge + GAP) - GAP, rows * (H * enlarge + GAP) - GAP];
  const data = new Uint8Array(width * height * channels).fill(255);
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < columns; c++)
      for (let k = 0; k < channels; k++)
        for (let y = 0; y < H * enlarge; y++)
          for (let x = 0; x < W * enlarge; x++) {
            const from =
              (((r * columns + c) * channels + k) * H + Math.floor(y / enlarge)) * W +
              Math.floor(x / enlarge);
            const row = r * (H * enlarge + GAP) + y;
            const column = c * (W * enlarge + GAP) + x;
            data[(row * width + column) * channels + k] = bytes[from]!;
          }
  return { data, width, height, channels };
}

/** Writes pixels as a PNG file. @throws {DiskError} */
export async function writePng(path: string, { data, width, height, channels }: Pixels): Promise<void> {
  writeFileAtomic(path, [await sharp(data, { raw: { width, height, channels } }).png().toBuffer()]);
}

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
