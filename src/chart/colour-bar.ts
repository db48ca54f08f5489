/** @file The bar beside a map or pictures that says which number a colour is. */

import { largestOf } from "../base/extremes.ts";
import { drawCells } from "./cells.ts";
import { colourMaps } from "./colour.ts";
import { type Box, TEXT } from "./frame.ts";
import { linearScale } from "./scale.ts";
import { el, fit, label, type Svg, textWidth } from "./svg.ts";
import type { NumberFormat } from "./ticks.ts";

/** What the colours of a bar stand for. */
export interface ColourBarOptions {
  /** Numbers at its ends. */
  low: number;
  high: number;
  colours?: keyof typeof colourMaps;
  format?: NumberFormat;
  /** What the numbers are, with the unit; written along the bar. */
  label?: string;
  /** Numbers to point at, by name: `1/n`. */
  marks?: readonly { value: number; name: string }[];
}

export interface ColourBar {
  /** Room in px, with the distance from what it belongs to. */
  width: number;
  /** At the right of `x`, from `y` on; its label may be `room` px longer than the bar. */
  draw(place: { x: number; y: number; height: number; room?: number }): Svg;
}

const BAR = 12;
const GAP = 14;

export function colourBar(options: ColourBarOptions): ColourBar {
  const { low, high, colours = "viridis", format, label: text, marks = [] } = options;
  const scale = linearScale(low, high > low ? high : low + 1, format ? { format } : {});
  const pointed = marks.filter(({ value }) => value >= low && value <= high);
  // a number that a mark would cover is left out
  const ticks = scale.ticks(5).filter(({ value }) => pointed.every((mark) => Math.abs(scale.unit(value) - scale.unit(mark.value)) > 0.09)); // biome-ignore format: one thought
  const words = [...ticks.map((tick) => tick.text), ...pointed.map(({ name }) => name)];
  const room = largestOf(words.map((word) => textWidth(word, TEXT.tick)), 0); // biome-ignore format: short
  return {
    width: GAP + BAR + 6 + room + (text === undefined ? 2 : TEXT.axis + 8),
    draw({ x, y, height, room: more = 0 }) {
      const bar: Box = { x: x + GAP, y, width: BAR, height };
      const at = (value: number) => y + height * (1 - scale.unit(value));
      const end = bar.x + BAR;
      const steps = Array.from({ length: 128 }, (_, i) => 1 - i / 127);
      const cells = drawCells({ values: steps, rows: 128, columns: 1 }, bar, 0, 1, colourMaps[colours]);
      const svg: Svg[] = [cells];
      for (const { value, text } of ticks) {
        svg.push(el("line", { class: "v-axis", x1: end, x2: end + 3, y1: at(value), y2: at(value), stroke: "currentColor" })); // biome-ignore format: short
        svg.push(label(text, end + 6, at(value) + 4, { size: TEXT.tick, tone: "v-muted" }));
      }
      for (const { value, name } of pointed) {
        svg.push(el("line", { class: "v-ink", x1: bar.x - 3, x2: end + 3, y1: at(value), y2: at(value), stroke: "currentColor", "stroke-width": 1.5 })); // biome-ignore format: short
        svg.push(label(name, end + 6, at(value) + 4, { size: TEXT.tick, tone: "v-ink" }));
      }
      if (text === undefined) return svg;
      const place = { size: TEXT.axis, tone: "v-muted", anchor: "middle", turn: -90 } as const;
      const middle = y + height / 2;
      return [svg, label(fit(text, TEXT.axis, height + more), end + 8 + room + TEXT.axis, middle, place)];
    },
  };
}
