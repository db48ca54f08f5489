/** @file Histograms of one or several samples over common bins. */

import { type Tone, toneClass } from "./colour.ts";
import type { Chart } from "./figure.ts";
import { frame } from "./frame.ts";
import { linearScale, scaleFor, snap } from "./scale.ts";
import { el, num, plain } from "./svg.ts";
import { multiples } from "./ticks.ts";

/** One sample. Values that are not finite are left out. */
export interface Sample {
  name: string;
  values: ArrayLike<number>;
  tone?: Tone;
}

/** A histogram as its caller describes it. */
export interface HistogramOptions {
  title?: string;
  x?: { label?: string; min?: number; max?: number };
  /** `share` (of each sample's finite values, the default) or `count`. */
  y?: "share" | "count";
  series: readonly Sample[];
  /** About how many bins; 30 by default. Edges are round numbers. */
  bins?: number;
  height?: number;
}

/** A histogram. Bins hold [low, high), the last one both ends; values outside the axis are counted nowhere. */
export function histogram(options: HistogramOptions): Chart {
  const { title, series, x: xAxis = {}, y = "share", height } = options;
  const edges = binEdges(series, xAxis, options.bins ?? 30);
  const parts = series.map(({ name, values, tone }, i) => {
    const { counts, total } = count(values, edges);
    const heights = counts.map((n) => (y === "count" ? n : total === 0 ? 0 : n / total));
    return { name, tone: tone ?? i, counts, heights };
  });
  const yScale = scaleFor(
    [0, ...parts.flatMap((part) => part.heights)],
    { format: y === "share" ? "percent" : "number" },
    true,
  );
  const xScale = linearScale(edges[0]!, edges.at(-1)!);
  return {
    title,
    legend: series.length === 1 ? [] : parts.map(({ name, tone }) => ({ name, tone, mark: "block" })),
    table: {
      columns: ["series", "low", "high", "count"],
      rows: parts.flatMap(({ name, counts }) =>
        counts.map((n, i) => [plain(name), edges[i], edges[i + 1], n]),
      ),
    },
    summary: `Histogram of ${series.map(({ name }) => name).join(", ")} over ${xAxis.label ?? "value"}.`,
    height: (width) => height ?? Math.round(Math.min(300, Math.max(180, width * 0.5))),
    draw(box) {
      const yLabel = y === "share" ? "share of values" : "number of values";
      const axes = frame(box, { x: xScale, y: yScale, xLabel: xAxis.label, yLabel });
      const base = num(axes.y(0));
      const steps = parts.map(({ heights, tone }) => {
        const tops = heights.map((h, i) => `V${num(axes.y(h))}H${num(axes.x(edges[i + 1]!))}`).join("");
        const d = `M${num(axes.x(edges[0]!))} ${base}${tops}V${base}`;
        const paint = { fill: "currentColor", "fill-opacity": series.length === 1 ? "0.75" : "0.22" };
        return [el("path", { class: toneClass(tone), d: `${d}z`, ...paint }), outline(d, tone)];
      });
      return [axes.svg, steps];
    },
  };
}

const outline = (d: string, tone: Tone) =>
  el("path", {
    class: toneClass(tone),
    d,
    fill: "none",
    stroke: "currentColor",
    "stroke-width": 1.5,
    "stroke-linejoin": "round",
  });

function binEdges(series: readonly Sample[], limits: { min?: number; max?: number }, bins: number): number[] {
  const { min, max } = scaleFor(allValues(series), { ...limits, format: "percent" }, false);
  const step = nearestStep((max - min) / bins);
  const first = Math.floor(min / step + 1e-9) * step;
  const last = Math.ceil(max / step - 1e-9) * step;
  const edges = multiples(first, last, step);
  if (edges.length < 2) return [first, first + step];
  // rounding must not put the extreme values outside
  edges[0] = Math.min(edges[0]!, min);
  edges[edges.length - 1] = Math.max(edges.at(-1)!, max);
  return edges;
}

/** The width of 1, 2, 2.5 or 5 times a power of ten that is nearest to `raw` by ratio. */
function nearestStep(raw: number): number {
  const power = 10 ** Math.floor(Math.log10(raw));
  const distance = (step: number) => Math.abs(Math.log(step / raw));
  return [1, 2, 2.5, 5, 10]
    .map((factor) => factor * power)
    .reduce((a, b) => (distance(b) < distance(a) ? b : a));
}

function* allValues(series: readonly Sample[]): Generator<number> {
  for (const { values } of series) for (let i = 0; i < values.length; i++) yield values[i]!;
}

function count(values: ArrayLike<number>, edges: readonly number[]): { counts: number[]; total: number } {
  const counts = new Array<number>(edges.length - 1).fill(0);
  const [low, high] = [edges[0]!, edges.at(-1)!];
  let total = 0;
  for (let i = 0; i < values.length; i++) {
    const value = snap(values[i]!);
    if (!Number.isFinite(value)) continue;
    total++;
    if (value < low || value > high) continue;
    let bin = Math.min(counts.length - 1, Math.floor(((value - low) / (high - low)) * counts.length));
    // rounding may have put it next door
    while (bin > 0 && value < edges[bin]!) bin--;
    while (bin < counts.length - 1 && value >= edges[bin + 1]!) bin++;
    counts[bin]!++;
  }
  return { counts, total };
}
