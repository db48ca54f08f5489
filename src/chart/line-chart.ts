/** @file Line charts: series over an axis, with markers, expected (dashed) curves and error bands. */

import { UsageError } from "../base/errors.ts";
import { type Tone, toneClass } from "./colour.ts";
import type { Chart, LegendItem } from "./figure.ts";
import { clipped, type Frame, frame } from "./frame.ts";
import { MARKERS, type MarkerShape, marker } from "./marker.ts";
import { type AxisOptions, scaleFor } from "./scale.ts";
import { el, num, plain, type Svg } from "./svg.ts";

/** One line. Points whose x or y is null, not finite, or not positive on a log axis leave a gap. */
export interface LineSeries {
  name: string;
  /** Positions along x; 1, 2, 3, … when left out. */
  x?: readonly number[];
  y: readonly (number | null)[];
  /** Lower and upper edge of the error band. */
  low?: readonly (number | null)[];
  high?: readonly (number | null)[];
  stroke?: "solid" | "dashed" | "dotted";
  /** Place in the palette; the series' own place by default. Grey for what is only there to compare with. */
  tone?: Tone;
  /** By default a shape of its own for up to 40 points, none beyond; dashed lines have hollow ones. */
  marker?: MarkerShape | "none";
}

/** A line chart as its caller describes it. */
export interface LineChartOptions {
  title?: string;
  x?: AxisOptions;
  y?: AxisOptions;
  series: readonly LineSeries[];
  /** Height in px; a share of the width by default. */
  height?: number;
}

const DASH = { solid: undefined, dashed: "3.5 2.5", dotted: "1.5 4" };

type Point = readonly [x: number, y: number];

/** A line chart. Throws `UsageError` when a series' columns differ in length. */
export function lineChart(options: LineChartOptions): Chart {
  const { title, x: xAxis = {}, y: yAxis = {}, height } = options;
  const series = options.series.map((one, i) => resolve(one, i));
  const xScale = scaleFor(
    series.flatMap((one) => one.x),
    xAxis,
    false,
  );
  const yScale = scaleFor(
    series.flatMap((one) => [...one.y, ...one.low, ...one.high]),
    yAxis,
    true,
  );
  const limited = [xAxis.min, xAxis.max, yAxis.min, yAxis.max].some((end) => end !== undefined);
  const banded = series.some((one) => one.low.length > 0);
  return {
    title,
    legend: series.length === 1 && !series[0]!.name ? [] : series.map((one) => one.legend),
    table: {
      columns: ["series", "x", "y", ...(banded ? ["low", "high"] : [])],
      rows: series.flatMap((one) =>
        one.x.map((x, i) => [plain(one.name), x, one.y[i], ...(banded ? [one.low[i], one.high[i]] : [])]),
      ),
    },
    summary: `Line chart of ${series.map((one) => one.name || (yAxis.label ?? "values")).join(", ")} over ${xAxis.label ?? "x"}.`,
    height: (width) => height ?? Math.round(Math.min(340, Math.max(190, width * 0.56))),
    draw(box) {
      const axes = frame(box, { x: xScale, y: yScale, xLabel: xAxis.label, yLabel: yAxis.label });
      const bands = series.map((one) => drawBand(one, axes));
      const lines = series.map((one) => drawLine(one, axes));
      return [axes.svg, limited ? clipped(axes.plot, [bands, lines]) : [bands, lines]];
    },
  };
}

type Resolved = ReturnType<typeof resolve>;

function resolve(one: LineSeries, index: number) {
  const x = one.x ?? one.y.map((_, i) => i + 1);
  for (const column of [x, one.low ?? one.y, one.high ?? one.y]) {
    if (column.length === one.y.length) continue;
    throw new UsageError(
      `series "${one.name}" has ${one.y.length} values of y beside a column of ${column.length}`,
    );
  }
  const stroke = one.stroke ?? "solid";
  const tone = one.tone ?? index;
  const shape = one.marker ?? (one.y.length > 40 ? "none" : MARKERS[index % MARKERS.length]!);
  const legend: LegendItem = {
    name: one.name,
    tone,
    mark: "line",
    dash: DASH[stroke],
    marker: shape === "none" ? undefined : shape,
    hollow: stroke !== "solid",
  };
  const numbers = (column: readonly (number | null)[] = []) => column.map((value) => value ?? Number.NaN);
  return { name: one.name, legend, x, y: numbers(one.y), low: numbers(one.low), high: numbers(one.high) };
}

/** Runs of points that can be drawn, in px. */
function runs(x: readonly number[], y: readonly number[], axes: Frame): Point[][] {
  const out: Point[][] = [[]];
  x.forEach((value, i) => {
    const point = [axes.x(value), axes.y(y[i]!)] as const;
    if (point.every(Number.isFinite)) out.at(-1)!.push(point);
    else if (out.at(-1)!.length > 0) out.push([]);
  });
  return out.filter((run) => run.length > 0);
}

const path = (points: readonly Point[]) =>
  points.map(([x, y], i) => `${i ? "L" : "M"}${num(x)} ${num(y)}`).join("");

function drawLine({ x, y, legend }: Resolved, axes: Frame): Svg {
  const tone = toneClass(legend.tone);
  const parts = runs(x, y, axes);
  const stroke = {
    class: tone,
    fill: "none",
    stroke: "currentColor",
    "stroke-width": 2,
    "stroke-linejoin": "round",
    "stroke-linecap": "round",
    "stroke-dasharray": legend.dash,
  };
  const line = el("path", { d: parts.map(path).join(""), ...stroke });
  // a point between two gaps has no line and would not be seen
  const seen = legend.marker ? parts.flat() : parts.filter((run) => run.length === 1).flat();
  return [line, seen.map(([px, py]) => marker(legend.marker ?? "circle", px, py, tone, legend.hollow))];
}

function drawBand({ x, low, high, legend }: Resolved, axes: Frame): Svg {
  if (low.length === 0 || high.length === 0) return [];
  // an edge is drawn only where both are, so that the two run side by side
  const both = (edge: readonly number[]) =>
    edge.map((value, i) => (Number.isFinite(low[i]! + high[i]!) ? value : Number.NaN));
  const upper = runs(x, both(high), axes);
  const lower = runs(x, both(low), axes);
  const d = upper.map((run, i) => `${path([...run, ...(lower[i] ?? []).toReversed()])}z`).join("");
  return el("path", { class: toneClass(legend.tone), d, fill: "currentColor", "fill-opacity": "0.16" });
}
