/** @file The frame of a chart: plot area, grid, ticks and axis titles, laid out so that nothing overlaps. */

import { largestOf } from "../base/extremes.ts";
import type { Scale } from "./scale.ts";
import { el, fit, label, num, type Svg, type SvgElement, textWidth } from "./svg.ts";

/** A rectangle in px. */
export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Sizes of text in px. */
export const TEXT = { title: 15, panel: 13, axis: 12, tick: 11 };

/** A categorical axis: one band per name. */
export interface Bands {
  readonly names: readonly string[];
}

/** What `frame` gives: the plot area, the drawn axes, and the maps from data to px. */
export interface Frame {
  plot: Box;
  svg: Svg;
  x(value: number): number;
  y(value: number): number;
}

const GAP = 6;
/** Room inside the plot left and right of the first and last point, so that markers stay inside. */
const INSET = 8;

interface Axes {
  x: Scale | Bands;
  y: Scale;
  xLabel?: string | undefined;
  yLabel?: string | undefined;
}

/** Draws axes around the plot area that remains inside `box`. On bands, `x(i)` is the middle of band i. */
export function frame(box: Box, axes: Axes): Frame {
  const { x: xAxis, y: yAxis } = axes;
  const roughHeight = box.height - 45;
  const yTicks = yAxis.ticks(Math.max(2, Math.min(6, Math.floor(roughHeight / 34))));
  const tickWidth = largestOf(
    yTicks.map((tick) => textWidth(tick.text, TEXT.tick)),
    0,
  );
  const left = tickWidth + GAP + (axes.yLabel ? TEXT.axis + 8 : 0) + 2;
  const right = 10;
  const width = Math.max(20, box.width - left - right);
  const bands = "names" in xAxis ? layBands(xAxis.names, width) : undefined;
  const bottom = (bands?.height ?? TEXT.tick) + GAP + 4 + (axes.xLabel ? TEXT.axis + 6 : 0);
  const top = 6;
  const plot = { x: box.x + left, y: box.y + top, width, height: Math.max(20, box.height - top - bottom) };

  const y = (value: number) => plot.y + plot.height * (1 - yAxis.unit(value));
  const x =
    "names" in xAxis
      ? (index: number) => plot.x + (plot.width * (index + 0.5)) / xAxis.names.length
      : (value: number) => plot.x + INSET + (plot.width - 2 * INSET) * xAxis.unit(value);

  const svg: Svg[] = [];
  for (const { value, text } of yTicks) {
    const at = y(value);
    svg.push(
      el("line", {
        class: value === 0 ? "v-axis" : "v-grid",
        x1: plot.x,
        x2: plot.x + plot.width,
        y1: at,
        y2: at,
        stroke: "currentColor",
      }),
    );
    const place = { size: TEXT.tick, tone: "v-muted", anchor: "end" } as const;
    svg.push(label(text, plot.x - GAP, at + TEXT.tick * 0.35, place));
  }
  const base = plot.y + plot.height;
  const foot = "names" in xAxis && yAxis.min < 0 ? "v-grid" : "v-axis"; // bars stand on zero
  svg.push(
    el("line", {
      class: foot,
      x1: plot.x,
      x2: plot.x + plot.width,
      y1: base,
      y2: base,
      stroke: "currentColor",
    }),
  );
  svg.push("names" in xAxis ? bandLabels(xAxis.names, bands!, x, base) : xTicks(xAxis, plot, x, base));
  if (axes.xLabel) {
    const at = box.y + box.height - 4;
    const text = fit(axes.xLabel, TEXT.axis, box.width);
    const place = { size: TEXT.axis, tone: "v-muted", anchor: "middle" } as const;
    svg.push(label(text, centred(text, plot, box), at, place));
  }
  if (axes.yLabel) {
    const at = box.x + TEXT.axis - 1;
    const options = { size: TEXT.axis, tone: "v-muted", anchor: "middle", turn: -90 } as const;
    svg.push(label(fit(axes.yLabel, TEXT.axis, plot.height + 12), at, plot.y + plot.height / 2, options));
  }
  return { plot, svg, x, y };
}

/** The middle of the plot, moved so that the text stays inside the box. */
function centred(text: string, plot: Box, box: Box): number {
  const half = textWidth(text, TEXT.axis) / 2;
  const middle = plot.x + plot.width / 2;
  return Math.max(box.x + half, Math.min(box.x + box.width - half, middle));
}

function xTicks(axis: Scale, plot: Box, x: (value: number) => number, base: number): Svg {
  // fewer ticks until no two numbers touch
  for (let count = Math.max(2, Math.floor(plot.width / 30)); ; count--) {
    const ticks = axis.ticks(count);
    const clear = ticks.every((tick, i) => {
      const next = ticks[i + 1];
      if (!next) return true;
      return (
        x(next.value) - x(tick.value) >
        (textWidth(tick.text, TEXT.tick) + textWidth(next.text, TEXT.tick)) / 2 + 8
      );
    });
    if (!clear && count > 1) continue;
    return ticks.map(({ value, text }) => {
      const at = x(value);
      const mark = el("line", {
        class: "v-axis",
        x1: at,
        x2: at,
        y1: base,
        y2: base + 4,
        stroke: "currentColor",
      });
      const place = { size: TEXT.tick, tone: "v-muted", anchor: "middle" } as const;
      return [mark, label(text, at, base + 5 + TEXT.tick, place)];
    });
  }
}

interface BandLayout {
  turned: boolean;
  height: number;
  room: number;
  stride: number;
}

/** Names lie flat where they fit, else turned; where even those would touch, only every n-th is written. */
function layBands(names: readonly string[], width: number): BandLayout {
  const band = width / Math.max(1, names.length);
  const widest = largestOf(
    names.map((name) => textWidth(name, TEXT.tick)),
    0,
  );
  const numbers = names.every((name) => /^\d+$/.test(name));
  const flat = widest + 6 <= band;
  if (flat || numbers) {
    return {
      turned: false,
      height: TEXT.tick,
      room: Number.POSITIVE_INFINITY,
      stride: Math.max(1, Math.ceil((widest + 6) / band)),
    };
  }
  const room = Math.min(widest, 96);
  return {
    turned: true,
    height: room * 0.6 + TEXT.tick,
    room,
    stride: Math.max(1, Math.ceil((TEXT.tick + 4) / band)),
  };
}

function bandLabels(
  names: readonly string[],
  layout: BandLayout,
  x: (index: number) => number,
  base: number,
): Svg {
  return names.map((name, i): Svg => {
    if (i % layout.stride !== 0) return [];
    if (!layout.turned) {
      return label(name, x(i), base + 5 + TEXT.tick, {
        size: TEXT.tick,
        tone: "v-muted",
        anchor: "middle",
      });
    }
    const options = { size: TEXT.tick, tone: "v-muted", anchor: "end", turn: -37 } as const;
    return label(fit(name, TEXT.tick, layout.room), x(i) + 4, base + TEXT.tick + 2, options);
  });
}

/** Content cut off at the plot area. A nested svg clips without an id, which would have to be unique in a page. */
export function clipped(plot: Box, content: Svg): SvgElement {
  const { x, y, width, height } = plot;
  const viewBox = [x, y, width, height].map(num).join(" ");
  return el("svg", { x, y, width, height, viewBox, overflow: "hidden" }, content);
}
