/** @file A figure: a title, a shared legend and one or more charts side by side, as SVG and as CSV. */

import { csv, stackTables, type Table } from "../base/csv.ts";
import { largestOf } from "../base/extremes.ts";
import { styleSheet, type Tone, toneClass } from "./colour.ts";
import { type Box, TEXT } from "./frame.ts";
import { type MarkerShape, marker } from "./marker.ts";
import {
  BOLD,
  el,
  escapeXml,
  fit,
  label,
  plain,
  type Svg,
  type SvgElement,
  svgText,
  textWidth,
  wrap,
} from "./svg.ts";

/** One entry of the legend. */
export interface LegendItem {
  name: string;
  tone: Tone;
  mark: "line" | "block";
  dash?: string | undefined;
  marker?: MarkerShape | undefined;
  hollow?: boolean | undefined;
}

/** A chart that can be put into a figure. */
export interface Chart {
  readonly title: string | undefined;
  readonly legend: readonly LegendItem[];
  readonly table: Table;
  /** One sentence for those who cannot see it. */
  readonly summary: string;
  /** Height in px that the chart wants at this width, without its title. */
  height(width: number): number;
  draw(box: Box): Svg;
}

/** Text around the charts, and how they are laid out. */
export interface FigureOptions {
  title?: string;
  subtitle?: string;
  /** What the figure shows, in words, for screen readers; made from the charts when left out. */
  description?: string;
  /** Charts per row; by default up to two. */
  columns?: number;
  /** Width in px; 640 by default. */
  width?: number;
}

/** A picture and its numbers. */
export interface Figure {
  svg: string;
  csv: string;
}

const EDGE = 14;
const GUTTER = 22;

/** A figure as a tree, for a page that has the style sheet of colour.ts. */
export interface Drawing {
  readonly width: number;
  readonly height: number;
  readonly title: string;
  /** What it shows, in words. */
  readonly words: string;
  readonly table: Table;
  readonly body: Svg;
}

/** Puts charts together as text. Equal input gives equal text. */
export function figure(options: FigureOptions, charts: Chart | readonly Chart[]): Figure {
  const { width, height, title, words, table, body } = drawing(options, charts);
  const paper = el("rect", { class: "v-paper", width, height, fill: "currentColor" });
  const head = `<title>${escapeXml(title)}</title><desc>${escapeXml(words)}</desc><style>${styleSheet()}</style>`;
  const attributes = { ...sizeOf(width, height), role: "img" };
  // a style sheet is no text that could be escaped
  const [open, close] = svgText(el("svg", attributes, "|")).split("|") as [string, string];
  return { svg: `${open}${head}${svgText([paper, body])}${close}\n`, csv: csv(table) };
}

const sizeOf = (width: number, height: number): SvgElement["attributes"] => ({
  ...{ xmlns: "http://www.w3.org/2000/svg", class: "v-figure", width, height },
  viewBox: `0 0 ${width} ${height}`,
});

/** Puts charts together as a tree. */
export function drawing(options: FigureOptions, charts: Chart | readonly Chart[]): Drawing {
  const panels: readonly Chart[] = Array.isArray(charts) ? charts : [charts as Chart];
  const width = options.width ?? 640;
  const inner = width - 2 * EDGE;
  const columns = Math.min(Math.max(1, panels.length), options.columns ?? 2);
  const column = (inner - (columns - 1) * GUTTER) / columns;
  const body: Svg[] = [];
  let y = EDGE;
  for (const line of options.title ? wrap(options.title, TEXT.title * BOLD, inner) : []) {
    body.push(label(line, EDGE, y + 13, { size: TEXT.title, tone: "v-ink", bold: true }));
    y += 21;
  }
  for (const line of options.subtitle ? wrap(options.subtitle, TEXT.axis, inner) : []) {
    body.push(label(line, EDGE, y + 12, { size: TEXT.axis, tone: "v-muted" }));
    y += 18;
  }
  if (y > EDGE) y += 4;
  const legend = drawLegend(
    panels.flatMap((panel) => panel.legend),
    { x: EDGE, y, width: inner, height: 0 },
  );
  body.push(legend.svg);
  y += legend.height;
  for (let first = 0; first < panels.length; first += columns) {
    const row = panels.slice(first, first + columns);
    if (first > 0) y += 18;
    if (row.some((panel) => panel.title)) {
      row.forEach((panel, i) => {
        const x = EDGE + i * (column + GUTTER);
        const text = fit(panel.title ?? "", TEXT.panel * BOLD, column);
        if (text) body.push(label(text, x, y + 14, { size: TEXT.panel, tone: "v-ink", bold: true }));
      });
      y += 24;
    }
    const height = largestOf(row.map((panel) => panel.height(column)));
    row.forEach((panel, i) => {
      body.push(panel.draw({ x: EDGE + i * (column + GUTTER), y, width: column, height }));
    });
    y += height;
  }
  const height = Math.ceil(y + EDGE - 4);
  const title = plain(options.title ?? panels[0]?.title ?? "Figure");
  const words = plain(options.description ?? panels.map((panel) => panel.summary).join(" "));
  return { width, height, title, words, table: tableOf(panels), body };
}

function tableOf(panels: readonly Chart[]): Table {
  if (panels.length === 1) return panels[0]!.table;
  return stackTables(
    panels.map((panel, i) => ({ name: plain(panel.title ?? String(i + 1)), table: panel.table })),
  );
}

/** One row of entries, or as many as are needed. Equal entries of several charts appear once. */
function drawLegend(all: readonly LegendItem[], box: Box): { svg: Svg; height: number } {
  const items = [...new Map(all.map((item) => [JSON.stringify(item), item])).values()];
  if (items.length === 0) return { svg: [], height: 0 };
  const svg: Svg[] = [];
  let [x, y] = [box.x, box.y + 2];
  for (const item of items) {
    const sample = item.mark === "line" ? 26 : 12;
    const text = fit(item.name, TEXT.axis, box.width - sample - 6);
    const width = sample + 6 + textWidth(text, TEXT.axis);
    if (x > box.x && x + width > box.x + box.width) [x, y] = [box.x, y + 19];
    svg.push(drawSample(item, x, y + 6));
    svg.push(label(text, x + sample + 6, y + 10, { size: TEXT.axis, tone: "v-ink" }));
    x += width + 18;
  }
  return { svg, height: y + 24 - box.y };
}

function drawSample({ mark, tone, dash, marker: shape, hollow }: LegendItem, x: number, y: number): Svg {
  const className = toneClass(tone);
  if (mark === "block")
    return el("rect", { class: className, x, y: y - 6, width: 12, height: 12, rx: 2, fill: "currentColor" });
  const stroke = { stroke: "currentColor", "stroke-width": 2, "stroke-dasharray": dash };
  const line = el("line", { class: className, x1: x, x2: x + 26, y1: y, y2: y, ...stroke });
  return [line, shape ? marker(shape, x + 13, y, className, hollow) : []];
}
