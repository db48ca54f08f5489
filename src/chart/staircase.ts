/** @file Staircases: a number between the two steps of each layer and behind them, a tread each. */

import { UsageError } from "../base/errors.ts";
import { toneClass } from "./colour.ts";
import type { Chart, LegendItem } from "./figure.ts";
import { frame } from "./frame.ts";
import { type AxisOptions, type Scale, scaleFor } from "./scale.ts";
import { el, label, num, plain, type Svg, textWidth } from "./svg.ts";
import { formatNumber } from "./ticks.ts";

/** Before the first layer, then for each layer between its two steps and behind it: 2 · layers + 1 numbers. */
export type Stairs = readonly (number | null)[];

export interface StaircaseOptions {
  title?: string;
  y?: AxisOptions;
  /** What the two steps of a layer are called: `MSSA`, `ISTA`. */
  steps: readonly [string, string];
  values: Stairs;
  /** To compare with, dashed and grey. */
  ghost?: { name: string; values: Stairs };
  /** Numbers that the axis reaches too, so that several staircases have one. */
  reach?: readonly number[];
  height?: number;
}

/** A staircase. Throws `UsageError` when its numbers are not those of whole layers. */
export function staircase(options: StaircaseOptions): Chart {
  const { title, y: yAxis = {}, steps, values, ghost, reach = [], height } = options;
  for (const stairs of [values, ghost?.values ?? values])
    if (stairs.length % 2 === 0 || stairs.length !== values.length)
      throw new UsageError(
        `staircase: expected 2 · layers + 1 = ${values.length} numbers, got ${stairs.length}`,
      );
  const layers = (values.length - 1) / 2;
  const all = [...values, ...(ghost?.values ?? [])].map((value) => value ?? Number.NaN);
  const yScale = scaleFor([...all, ...reach], yAxis, true);
  const tone = (tread: number) => (tread % 2 === 1 ? 0 : 1);
  const legend: LegendItem[] = [
    { name: `after ${steps[0]}`, tone: 0, mark: "line" },
    { name: `after ${steps[1]}`, tone: 1, mark: "line" },
  ];
  if (ghost) legend.push({ name: ghost.name, tone: "grey", mark: "line", dash: DASH });
  const place = (tread: number) => {
    if (tread === 0) return ["in", ""];
    return [String(Math.ceil(tread / 2)), `after ${steps[tread % 2 === 1 ? 0 : 1]}`];
  };
  return {
    title,
    legend,
    table: {
      columns: ["layer", "place", "value", ...(ghost ? [plain(ghost.name)] : [])],
      rows: values.map((value, i) => [...place(i), value, ...(ghost ? [ghost.values[i]] : [])]),
    },
    summary: `Staircase of ${yAxis.label ?? "values"} through ${layers} layers.`,
    height: (width) => height ?? Math.round(Math.min(340, Math.max(220, width * 0.42))),
    draw(box) {
      const axes = frame(box, {
        ...{ x: treads(layers), y: yScale, xLabel: "layer", yLabel: yAxis.label },
      });
      const edge = (tread: number) => axes.x(tread);
      const borders = Array.from({ length: layers }, (_, l) => {
        const [x, { y, height: high }] = [edge(2 * l + 1), axes.plot];
        return el("line", { class: "v-grid", x1: x, x2: x, y1: y, y2: y + high, stroke: "currentColor" });
      });
      const risers = el("path", {
        ...{ class: "v-muted", d: stairsPath(values, edge, axes.y, "risers"), fill: "none" },
        ...{ stroke: "currentColor", "stroke-width": 1 },
      });
      const lines = values.map((value, i) => {
        if (value === null || !Number.isFinite(axes.y(value))) return [];
        const [x1, x2, y] = [edge(i), edge(i + 1), axes.y(value)];
        const line = { x1, x2, y1: y, y2: y, stroke: "currentColor", "stroke-width": 3 };
        return el("line", { class: toneClass(tone(i)), ...line, "stroke-linecap": "round" });
      });
      const texts = values.map((value, i) => numberOver(value, i, edge, axes.y));
      const pale = ghost && {
        ...{ class: "v-grey", d: stairsPath(ghost.values, edge, axes.y, "all"), fill: "none" },
        ...{ stroke: "currentColor", "stroke-width": 1.5, "stroke-dasharray": DASH },
      };
      return [axes.svg, borders, pale ? el("path", pale) : [], risers, lines, texts];
    },
  };
}

const DASH = "3.5 2.5";
type Map = (value: number) => number;

/** Positions of treads: one before the layers, two in each; a layer's number stands below both. */
function treads(layers: number): Scale {
  const count = 2 * layers + 1;
  const all = [
    { value: 0.5, text: "in" },
    ...Array.from({ length: layers }, (_, l) => ({ value: 2 * l + 2, text: String(l + 1) })),
  ];
  return {
    ...{ min: 0, max: count, unit: (value) => value / count },
    ticks: (wanted) => {
      const stride = Math.ceil(layers / Math.max(1, wanted));
      return all.filter((_, i) => i === 0 || i % stride === 0);
    },
  };
}

/** Treads and risers in one line, or risers alone; a gap where a number is missing. */
function stairsPath(values: Stairs, x: Map, y: Map, what: "all" | "risers"): string {
  let d = "";
  values.forEach((value, i) => {
    const before = i === 0 ? null : values[i - 1]!;
    if (value === null) return;
    if (before !== null) d += `M${num(x(i))} ${num(y(before))}V${num(y(value))}`;
    if (what === "all") d += `M${num(x(i))} ${num(y(value))}H${num(x(i + 1))}`;
  });
  return d;
}

/** The number of a tread, where there is room for it. */
function numberOver(value: number | null, i: number, x: Map, y: Map): Svg {
  if (value === null) return [];
  const text = formatNumber(value);
  if (textWidth(text, 10) > x(i + 1) - x(i) - 2) return [];
  const middle = (x(i) + x(i + 1)) / 2;
  return label(text, middle, y(value) - 6, { size: 10, tone: "v-ink", anchor: "middle" });
}
