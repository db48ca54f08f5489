/** @file Heat maps: a matrix as colours, with a colour bar and, where there is room, its numbers. */

import { UsageError } from "../base/errors.ts";
import { largestOf } from "../base/extremes.ts";
import { drawCells, extent, type Matrix } from "./cells.ts";
import { colourMaps, hex, isLight } from "./colour.ts";
import type { Chart } from "./figure.ts";
import { type Box, TEXT } from "./frame.ts";
import { linearScale } from "./scale.ts";
import { el, fit, label, plain, textWidth } from "./svg.ts";
import { formatNumber, type NumberFormat } from "./ticks.ts";

/** A heat map as its caller describes it. Cells that are not finite are grey. */
export interface HeatMapOptions extends Matrix {
  title?: string;
  x?: { label?: string; names?: readonly string[] };
  y?: { label?: string; names?: readonly string[] };
  /** What the colours mean, with the unit; written along the colour bar. */
  label?: string;
  format?: NumberFormat;
  /** Ends of the colours; the least and greatest value by default, symmetric around zero for `diverging`. */
  min?: number;
  max?: number;
  colours?: keyof typeof colourMaps;
  /** Writes each number into its cell where it fits. */
  annotate?: boolean;
  height?: number;
}

const BAR = 12;

/** A heat map. Throws `UsageError` when the lengths of values or names do not fit rows and columns. */
export function heatMap(options: HeatMapOptions): Chart {
  const { title, rows, columns, values, x: xAxis = {}, y: yAxis = {}, colours = "viridis", format } = options;
  check(options);
  const [least, greatest] = extent(values);
  const reach = Math.max(Math.abs(least), Math.abs(greatest));
  const low = options.min ?? (colours === "diverging" ? -reach : least);
  const high = options.max ?? (colours === "diverging" ? reach : greatest);
  const map = colourMaps[colours];
  const rowNames = yAxis.names ?? counted(rows);
  const columnNames = xAxis.names ?? counted(columns);

  const scale = linearScale(low, high > low ? high : low + 1, format ? { format } : {});
  const barTicks = scale.ticks(5);
  const barWidth =
    14 +
    BAR +
    6 +
    largestOf(
      barTicks.map(({ text }) => textWidth(text, TEXT.tick)),
      0,
    );
  const right = barWidth + (options.label ? TEXT.axis + 6 : 0) + 2;
  const nameWidth = Math.min(
    110,
    largestOf(
      rowNames.map((name) => textWidth(name, TEXT.tick)),
      0,
    ),
  );
  const left = nameWidth + 6 + (yAxis.label ? TEXT.axis + 8 : 0);
  const bottom = TEXT.tick + 8 + (xAxis.label ? TEXT.axis + 8 : 0);
  const cell = (width: number) => (width - left - right) / columns;

  return {
    title,
    legend: [],
    table: {
      columns: ["row", "column", "value"],
      rows: rowNames.flatMap((row, r) =>
        columnNames.map((column, c) => [plain(row), plain(column), values[r * columns + c]]),
      ),
    },
    summary: `Heat map of ${options.label ?? "values"}, ${rows} rows by ${columns} columns, from ${formatNumber(low)} to ${formatNumber(high)}.`,
    height: (width) =>
      options.height ?? Math.round(Math.min(460, Math.max(110, rows * Math.min(40, cell(width)))) + bottom),
    draw(box) {
      const plot: Box = {
        x: box.x + left,
        y: box.y,
        width: Math.max(10, box.width - left - right),
        height: Math.max(10, box.height - bottom),
      };
      let svg = drawCells(options, plot, low, high, map);
      svg += names(rowNames, plot.height, (name, middle) =>
        label(fit(name, TEXT.tick, nameWidth), plot.x - 6, plot.y + middle + 4, {
          size: TEXT.tick,
          tone: "v-muted",
          anchor: "end",
        }),
      );
      svg += names(
        columnNames,
        plot.width,
        (name, middle) => {
          const options = { size: TEXT.tick, tone: "v-muted", anchor: "middle" } as const;
          return label(name, plot.x + middle, plot.y + plot.height + 5 + TEXT.tick, options);
        },
        true,
      );
      const axis = { size: TEXT.axis, tone: "v-muted", anchor: "middle" } as const;
      if (xAxis.label) svg += label(xAxis.label, plot.x + plot.width / 2, box.y + box.height - 4, axis);
      if (yAxis.label)
        svg += label(yAxis.label, box.x + TEXT.axis - 1, plot.y + plot.height / 2, { ...axis, turn: -90 });
      if (options.annotate) svg += numbers(options, plot, low, high);
      return svg + colourBar({ x: plot.x + plot.width + 14, y: plot.y, width: BAR, height: plot.height });
    },
  };

  function colourBar(bar: Box): string {
    const steps = Array.from({ length: 128 }, (_, i) => 1 - i / 127);
    let svg = drawCells({ values: steps, rows: 128, columns: 1 }, bar, 0, 1, map);
    for (const { value, text } of barTicks) {
      const y = bar.y + bar.height * (1 - scale.unit(value));
      const x = bar.x + bar.width;
      svg += el("line", { class: "v-axis", x1: x, x2: x + 3, y1: y, y2: y, stroke: "currentColor" });
      svg += label(text, x + 6, y + 4, { size: TEXT.tick, tone: "v-muted" });
    }
    if (options.label) {
      const x = bar.x + barWidth - 14 + TEXT.axis + 2;
      const text = fit(options.label, TEXT.axis, bar.height + bottom);
      svg += label(text, x, bar.y + bar.height / 2, {
        size: TEXT.axis,
        tone: "v-muted",
        anchor: "middle",
        turn: -90,
      });
    }
    return svg;
  }
}

function check({ values, rows, columns, x, y }: HeatMapOptions): void {
  if (values.length !== rows * columns || rows * columns === 0) {
    throw new UsageError(`heat map of ${rows} × ${columns} cells cannot show ${values.length} values`);
  }
  for (const [axis, count] of [
    [x, columns],
    [y, rows],
  ] as const) {
    if (axis?.names && axis.names.length !== count) {
      throw new UsageError(`heat map has ${axis.names.length} names for ${count} rows or columns`);
    }
  }
}

const counted = (count: number) => Array.from({ length: count }, (_, i) => String(i + 1));

/** Names along an axis of `length` px: all that fit, at equal distances; of numbers the round ones. */
function names(
  list: readonly string[],
  length: number,
  draw: (name: string, middle: number) => string,
  sideways = false,
): string {
  const band = length / list.length;
  const need = sideways ? largestOf(list.map((name) => textWidth(name, TEXT.tick))) + 6 : TEXT.tick + 3;
  const least = Math.ceil(need / band);
  const stride = [1, 2, 5, 10, 20, 25, 50, 100, 200].find((step) => step >= least) ?? least;
  const offset = list.every((name, i) => name === String(i + 1)) ? 1 : 0;
  return list.map((name, i) => ((i + offset) % stride === 0 ? draw(name, (i + 0.5) * band) : "")).join("");
}

function numbers(
  { values, rows, columns, colours = "viridis", format }: HeatMapOptions,
  plot: Box,
  low: number,
  high: number,
) {
  const width = plot.width / columns;
  const height = plot.height / rows;
  const texts = Array.from(values, (value) =>
    format === "percent" ? `${Math.round(value * 100)}%` : formatNumber(Number(value.toPrecision(2))),
  );
  const size = Math.min(11, height - 4);
  if (size < 7 || largestOf(texts.map((text) => textWidth(text, size))) > width - 4) return "";
  return texts
    .map((text, i) => {
      const value = values[i]!;
      if (!Number.isFinite(value)) return "";
      const colour = colourMaps[colours](high > low ? (value - low) / (high - low) : 0.5);
      const x = plot.x + ((i % columns) + 0.5) * width;
      const y = plot.y + (Math.floor(i / columns) + 0.5) * height + size * 0.35;
      // on the cell's colour, whatever the paper: not a class but a literal
      const fill = isLight(colour) ? hex([27, 31, 36]) : "#ffffff";
      return el("text", { x, y, "font-size": size, "text-anchor": "middle", style: `fill:${fill}` }, text);
    })
    .join("");
}
