/** @file Grids of small pictures: PNG data URIs, or numbers shown as grey or viridis. */

import { UsageError } from "../base/errors.ts";
import { largestOf } from "../base/extremes.ts";
import { drawCells, extent } from "./cells.ts";
import { colourMaps } from "./colour.ts";
import { type ColourBarOptions, colourBar } from "./colour-bar.ts";
import type { Chart } from "./figure.ts";
import { type Box, TEXT } from "./frame.ts";
import { el, fit, label, plain, type Svg, type SvgElement, textWidth } from "./svg.ts";

/** One picture: an embedded image, or pixels (row by row, any range) drawn as cells. */
export interface GridImage {
  /** `data:image/png;base64,…` (also jpeg and webp). Nothing else is embedded, so a figure never loads anything. */
  source?: string;
  pixels?: {
    values: ArrayLike<number>;
    width: number;
    height: number;
    min?: number;
    max?: number;
    colours?: "grey" | "viridis" | "diverging";
  };
  caption?: string;
  /** Width over height of an embedded image; 1 by default. */
  aspect?: number;
}

/** An image grid as its caller describes it, filled row by row. */
export interface ImageGridOptions {
  title?: string;
  images: readonly GridImage[];
  /** Pictures per row. */
  columns: number;
  rowNames?: readonly string[];
  columnNames?: readonly string[];
  /** What the colours of the pictures are, where they have one scale. */
  bar?: ColourBarOptions;
}

const DATA_URI = /^data:image\/(png|jpeg|webp);base64,[A-Za-z0-9+/]*=*$/;
const GAP = 6;
/** Room for a caption under a picture, or for a name above a column. */
const LINE = 17;
/** No bar is longer: its numbers would be far from the pictures at the top. */
const MOST_BAR = 220;

/** An image grid. Throws `UsageError` for a source that is not an image data URI, or pixels that do not fit. */
export function imageGrid(options: ImageGridOptions): Chart {
  const { title, images, columns, rowNames, columnNames } = options;
  images.forEach(check);
  const rows = Math.ceil(images.length / columns);
  const captioned = (row: number) =>
    images.slice(row * columns, (row + 1) * columns).some((image) => image.caption);
  const nameWidth = Math.min(
    120,
    largestOf(
      (rowNames ?? []).map((name) => textWidth(name, TEXT.axis)),
      0,
    ),
  );
  const left = rowNames ? nameWidth + 8 : 0;
  const top = columnNames ? LINE : 0;
  const bar = options.bar && colourBar(options.bar);
  const right = bar?.width ?? 0;
  const aspect = images[0]?.pixels
    ? images[0].pixels.width / images[0].pixels.height
    : (images[0]?.aspect ?? 1);
  const side = (width: number) => Math.min(160, (width - left - right - (columns - 1) * GAP) / columns);
  /** Where row `row` begins, below the top of the grid. */
  const rowTop = (row: number, width: number) => {
    let y = top + row * (side(width) / aspect + GAP);
    for (let above = 0; above < row; above++) if (captioned(above)) y += LINE;
    return y;
  };
  return {
    title,
    legend: [],
    table: {
      columns: ["row", "column", "caption"],
      rows: images.map(({ caption }, i) => {
        const [row, column] = [Math.floor(i / columns), i % columns];
        return [
          plain(rowNames?.[row] ?? String(row + 1)),
          plain(columnNames?.[column] ?? String(column + 1)),
          caption,
        ];
      }),
    },
    summary: `Grid of ${images.length} pictures in ${rows} rows.`,
    height: (width) => Math.ceil(rowTop(rows, width)),
    draw(box) {
      const width = side(box.width);
      const height = width / aspect;
      const x = (column: number) => box.x + left + column * (width + GAP);
      const y = (row: number) => box.y + rowTop(row, box.width);
      const svg: Svg[] = [];
      columnNames?.slice(0, columns).forEach((name, c) => {
        const text = fit(name, TEXT.tick, width);
        const place = { size: TEXT.tick, tone: "v-muted", anchor: "middle" } as const;
        svg.push(label(text, x(c) + width / 2, box.y + TEXT.tick, place));
      });
      rowNames?.slice(0, rows).forEach((name, r) => {
        const at = y(r) + height / 2 + 4;
        const place = { size: TEXT.axis, tone: "v-ink", anchor: "end" } as const;
        svg.push(label(fit(name, TEXT.axis, nameWidth), x(0) - 8, at, place));
      });
      images.forEach((image, i) => {
        const place = { x: x(i % columns), y: y(Math.floor(i / columns)), width, height };
        svg.push(drawImage(image, place));
        if (!image.caption) return;
        const text = fit(image.caption, TEXT.tick, width);
        const options = { size: TEXT.tick, tone: "v-muted", anchor: "middle" } as const;
        svg.push(label(text, place.x + width / 2, place.y + height + TEXT.tick + 3, options));
      });
      if (bar === undefined) return svg;
      const [from, to] = [y(0), y(rows - 1) + height];
      return [svg, bar.draw({ x: x(columns) - GAP, y: from, height: Math.min(to - from, MOST_BAR) })];
    },
  };
}

function check({ source, pixels }: GridImage, index: number): void {
  if (pixels && pixels.values.length !== pixels.width * pixels.height) {
    const { values, width, height } = pixels;
    throw new UsageError(`image ${index} of ${width} × ${height} pixels has ${values.length} values`);
  }
  if (!pixels && !DATA_URI.test(source ?? "")) {
    throw new UsageError(`image ${index} is not a base64 data URI of a png, jpeg or webp image`);
  }
}

function drawImage({ source, pixels, caption }: GridImage, place: Box): SvgElement {
  if (pixels) {
    const { values, width, height, colours = "grey" } = pixels;
    const [low, high] = extent(values);
    const map = colourMaps[colours];
    const [min, max] = [pixels.min ?? low, pixels.max ?? high];
    return drawCells({ values, rows: height, columns: width }, place, min, max, map);
  }
  // pixelated: a 28 px digit must show its pixels, not a blur
  const style = "image-rendering:pixelated";
  return el("image", { ...place, href: source, preserveAspectRatio: "none", style, "aria-label": caption });
}
