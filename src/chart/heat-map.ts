/** @file Heat maps: a matrix as colours, with a colour bar and, where there is room, its numbers. */

import { UsageError } from "../base/errors.ts";
import { largestOf } from "../base/extremes.ts";
import { drawCells, extent, type Matrix } from "./cells.ts";
import { colourMaps, hex, isLight } from "./colour.ts";
import { type ColourBarOptions, colourBar } from "./colour-bar.ts";
import type { Chart } from "./figure.ts";
import { type Box, TEXT } from "./frame.ts";
import { el, fit, label, plain, type Svg, textWidth } from "./svg.ts";
import { formatNumber, formatNumbers, type NumberFormat } from "./ticks.ts";

/** Names of rows or columns, their numbers when left out. */
export interface HeatMapAxis {
  label?: string;
  names?: readonly string[];
  /** Neighbours of one name are a group: it is bracketed and named once. */
  grouped?: boolean;
}

/** A heat map as its caller describes it. Cells that are not finite are grey. */
export interface HeatMapOptions extends Matrix {
  title?: string;
  x?: HeatMapAxis;
  y?: HeatMapAxis;
  /** What the colours mean, with the unit; written along the colour bar. */
  label?: string;
  format?: NumberFormat;
  /** Ends of the colours; the least and greatest value by default, symmetric around zero for `diverging`. */
  min?: number;
  max?: number;
  colours?: keyof typeof colourMaps;
  /** Writes each number into its cell where it fits. */
  annotate?: boolean;
  /** A bar at the right says what the colours are, by default; only its room is left where a neighbour's says it. */
  bar?: "drawn" | "room";
  /** Numbers to point at on the bar. */
  marks?: ColourBarOptions["marks"];
  /** Cells as high as they are wide. */
  square?: boolean;
  height?: number;
}

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

  const bar = colourBar({
    ...{ low, high, colours },
    ...(format && { format }),
    ...(options.label !== undefined && { label: options.label }),
    ...(options.marks && { marks: options.marks }),
  });
  const right = bar.width;
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
      const room = {
        width: Math.max(10, box.width - left - right),
        height: Math.max(10, box.height - bottom),
      };
      const side = Math.min(room.width / columns, room.height / rows);
      const plot: Box = {
        ...{ x: box.x + left, y: box.y },
        ...(options.square ? { width: side * columns, height: side * rows } : room),
      };
      const svg: Svg[] = [drawCells(options, plot, low, high, map)];
      const text = { size: TEXT.tick, tone: "v-muted" } as const;
      const rowMarks: AxisMarks = {
        name: (name, middle) =>
          label(fit(name, TEXT.tick, nameWidth), plot.x - 6, plot.y + middle + 4, { ...text, anchor: "end" }),
        edge: (at) => line(plot.x - 8, plot.y + at, plot.x - 1, plot.y + at),
      };
      const foot = plot.y + plot.height;
      const columnMarks: AxisMarks = {
        name: (name, middle) =>
          label(name, plot.x + middle, foot + 5 + TEXT.tick, { ...text, anchor: "middle" }),
        edge: (at) => line(plot.x + at, foot + 1, plot.x + at, foot + 8),
        sideways: true,
      };
      svg.push(names(rowNames, plot.height, yAxis.grouped, rowMarks));
      svg.push(names(columnNames, plot.width, xAxis.grouped, columnMarks));
      const axis = { size: TEXT.axis, tone: "v-muted", anchor: "middle" } as const;
      if (xAxis.label)
        svg.push(label(xAxis.label, plot.x + plot.width / 2, plot.y + plot.height + bottom - 4, axis));
      if (yAxis.label)
        svg.push(label(yAxis.label, box.x + TEXT.axis - 1, plot.y + plot.height / 2, { ...axis, turn: -90 }));
      if (options.annotate) svg.push(numbers(options, plot, low, high));
      if (options.bar === "room") return svg;
      const beside = { x: plot.x + plot.width, y: plot.y, height: plot.height, room: bottom };
      return [svg, bar.draw(beside)];
    },
  };
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

const line = (x1: number, y1: number, x2: number, y2: number) =>
  el("line", { class: "v-axis", x1, y1, x2, y2, stroke: "currentColor" });

interface AxisMarks {
  name(name: string, middle: number): Svg;
  /** The border of two groups. */
  edge(at: number): Svg;
  /** Names lie along the axis. */
  sideways?: boolean;
}

/** Names along an axis of `length` px: all that fit, at equal distances, of numbers the round ones; or groups. */
function names(list: readonly string[], length: number, grouped = false, marks: AxisMarks): Svg {
  const band = length / list.length;
  const room = (name: string) => (marks.sideways ? textWidth(name, TEXT.tick) + 6 : TEXT.tick + 3);
  if (grouped) {
    const starts = [...list.keys()].filter((i) => i === 0 || list[i] !== list[i - 1]);
    const groups = starts.map((from, g) => {
      const to = starts[g + 1] ?? list.length;
      const named = (to - from) * band >= room(list[from]!) - 4;
      return [marks.edge(from * band), named ? marks.name(list[from]!, ((from + to) / 2) * band) : []];
    });
    return [groups, marks.edge(length)];
  }
  const least = Math.ceil(largestOf(list.map(room)) / band);
  const stride = [1, 2, 5, 10, 20, 25, 50, 100, 200].find((step) => step >= least) ?? least;
  const offset = list.every((name, i) => name === String(i + 1)) ? 1 : 0;
  return list.map((name, i) => ((i + offset) % stride === 0 ? marks.name(name, (i + 0.5) * band) : []));
}

function numbers(
  { values, rows, columns, colours = "viridis", format }: HeatMapOptions,
  plot: Box,
  low: number,
  high: number,
): Svg {
  const width = plot.width / columns;
  const height = plot.height / rows;
  const largest = largestOf(Array.from(values, (value) => (Number.isFinite(value) ? Math.abs(value) : 0)));
  // all with the decimals of the largest: 0.50 beside 0.47
  const step = format === "percent" ? 0.01 : 10 ** (Math.floor(Math.log10(largest || 1)) - 1);
  const texts = formatNumbers(Array.from(values), step, format);
  const size = Math.min(11, height - 4);
  if (size < 7 || largestOf(texts.map((text) => textWidth(text, size))) > width - 4) return [];
  return texts.map((text, i): Svg => {
    const value = values[i]!;
    if (!Number.isFinite(value)) return [];
    const colour = colourMaps[colours](high > low ? (value - low) / (high - low) : 0.5);
    const x = plot.x + ((i % columns) + 0.5) * width;
    const y = plot.y + (Math.floor(i / columns) + 0.5) * height + size * 0.35;
    // on the cell's colour, whatever the paper: not a class but a literal
    const fill = isLight(colour) ? hex([27, 31, 36]) : "#ffffff";
    return el("text", { x, y, "font-size": size, "text-anchor": "middle", style: `fill:${fill}` }, text);
  });
}
