/** @file Bar charts: one group of bars per category, one bar per series. */

import { UsageError } from "../base/errors.ts";
import { type Tone, toneClass } from "./colour.ts";
import type { Chart } from "./figure.ts";
import { frame } from "./frame.ts";
import { type AxisOptions, scaleFor } from "./scale.ts";
import { el, label, num, plain, type Svg, type SvgElement, textWidth } from "./svg.ts";
import { formatNumber } from "./ticks.ts";

/** One bar per category. Missing and not finite values have no bar. */
export interface BarSeries {
  name: string;
  values: readonly (number | null)[];
  /** Half the length of the error bar, in units of the value. */
  error?: readonly (number | null)[];
  tone?: Tone;
}

/** A bar chart as its caller describes it. Bars start at zero, so the axis is linear and contains it. */
export interface BarChartOptions {
  title?: string;
  x?: { label?: string };
  y?: Pick<AxisOptions, "label" | "format" | "max">;
  categories: readonly string[];
  series: readonly BarSeries[];
  /** Writes each value above its bar where it fits. */
  showValues?: boolean;
  height?: number;
}

/** A bar chart. Throws `UsageError` when a series has not one value per category. */
export function barChart(options: BarChartOptions): Chart {
  const { title, categories, series, x: xAxis = {}, y: yAxis = {}, height } = options;
  for (const { name, values, error = values } of series) {
    if (values.length === categories.length && error.length === values.length) continue;
    const given = Math.min(values.length, error.length);
    throw new UsageError(`series "${name}" has ${given} values for ${categories.length} categories`);
  }
  const reach = series.flatMap(({ values, error }) =>
    values.flatMap((value, i) =>
      value === null ? [] : [value - (error?.[i] ?? 0), value + (error?.[i] ?? 0)],
    ),
  );
  // room above the tallest bar for its number
  const headroom = options.showValues && yAxis.max === undefined ? reach.map((value) => value * 1.06) : [];
  const yScale = scaleFor([0, ...reach, ...headroom], yAxis, true);
  const withError = series.some(({ error }) => error);
  return {
    title,
    legend:
      series.length === 1
        ? []
        : series.map(({ name, tone }, i) => ({ name, tone: tone ?? i, mark: "block" })),
    table: {
      columns: ["series", "category", "value", ...(withError ? ["error"] : [])],
      rows: series.flatMap(({ name, values, error }) =>
        values.map((value, i) => [
          plain(name),
          plain(categories[i]!),
          value,
          ...(withError ? [error?.[i]] : []),
        ]),
      ),
    },
    summary: `Bar chart of ${series.map(({ name }) => name).join(", ")} for ${categories.length} categories.`,
    height: (width) => height ?? Math.round(Math.min(320, Math.max(190, width * 0.52))),
    draw(box) {
      const axes = frame(box, {
        x: { names: categories },
        y: yScale,
        xLabel: xAxis.label,
        yLabel: yAxis.label,
      });
      const band = axes.plot.width / Math.max(1, categories.length);
      const width = Math.min(44, (band * 0.76) / Math.max(1, series.length));
      const base = axes.y(0);
      const bars: Svg[] = [];
      series.forEach(({ values, error, tone }, s) => {
        values.forEach((value, c) => {
          if (value === null || !Number.isFinite(value)) return;
          const x = axes.x(c) + (s - series.length / 2) * width;
          const gap = width > 6 ? 1 : 0;
          const y = axes.y(value);
          const d = column(x + gap, base, width - 2 * gap, y);
          bars.push(el("path", { class: toneClass(tone ?? s), d, fill: "currentColor" }));
          const spread = error?.[c] ?? 0;
          const middle = x + width / 2;
          if (spread > 0)
            bars.push(
              whisker(middle, axes.y(value - spread), axes.y(value + spread), Math.min(4, width / 3)),
            );
          const text = yAxis.format === "percent" ? `${formatNumber(value * 100)}%` : formatNumber(value);
          const fits = textWidth(text, 10) <= (series.length === 1 ? band - 4 : width);
          if (!options.showValues || !fits) return;
          const above =
            value < 0 ? Math.max(y, axes.y(value - spread)) + 12 : Math.min(y, axes.y(value + spread)) - 4;
          bars.push(label(text, middle, above, { size: 10, tone: "v-ink", anchor: "middle" }));
        });
      });
      const { x, width: w } = axes.plot;
      const zero = el("line", {
        class: "v-axis",
        x1: x,
        x2: x + w,
        y1: base,
        y2: base,
        stroke: "currentColor",
      });
      return [axes.svg, bars, zero];
    },
  };
}

/** A bar from the baseline to `end`, rounded at its end only. */
function column(x: number, base: number, width: number, end: number): string {
  const r = Math.min(2, width / 2, Math.abs(base - end));
  const down = end > base ? -r : r;
  return (
    `M${num(x)} ${num(base)}V${num(end + down)}q0 ${num(-down)} ${num(r)} ${num(-down)}` +
    `H${num(x + width - r)}q${num(r)} 0 ${num(r)} ${num(down)}V${num(base)}z`
  );
}

function whisker(x: number, low: number, high: number, half: number): SvgElement {
  const d = `M${num(x)} ${num(low)}V${num(high)}M${num(x - half)} ${num(low)}h${num(2 * half)}M${num(x - half)} ${num(high)}h${num(2 * half)}`;
  return el("path", { class: "v-ink", d, stroke: "currentColor", "stroke-width": 1.2, fill: "none" });
}
