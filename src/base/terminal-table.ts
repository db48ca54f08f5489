/** @file Tables and sparklines for the terminal: aligned numbers, small bars, at most as wide as the screen. */

import { styleText } from "node:util";
import { largestOf, leastOf } from "./extremes.ts";
import { plain } from "./plain-text.ts";
import { ascii, displayWidth, type Terminal, terminalOf, truncate } from "./terminal.ts";

/** A value of a table; missing ones are shown as a dash. */
export type TableCell = string | number | null | undefined;

interface ColumnBase<Row> {
  title: string;
  /** Stands above this column and its neighbours of the same group. */
  group?: string;
  value(row: Row): TableCell;
}

/** Text to the left; numbers with equal decimals to the right; a bar from zero to `max` (the largest by default). */
export type Column<Row> = ColumnBase<Row> &
  (
    | { kind: "text" }
    | { kind: "number"; decimals?: number; format?: "number" | "percent" }
    | { kind: "bar"; max?: number; width?: number }
  );

const BAR_WIDTH = 12;
const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
const GAP = 2;

/**
 * The table as lines, ended by a line feed. Where it would be wider than the terminal, bars give way first and then
 * text is cut.
 */
export function table<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  terminal: Terminal = terminalOf(process.stdout),
): string {
  const text = (value: string) => (terminal.unicode ? plain(value) : ascii(plain(value)));
  const cells = columns.map((column) => {
    const values = rows.map((row) => column.value(row));
    return column.kind === "text"
      ? values.map((v) => text(String(v ?? "-")))
      : column.kind === "number"
        ? numbers(values, column)
        : [];
  });
  const widths = columns.map((column, c) => {
    const body =
      column.kind === "bar" ? (column.width ?? BAR_WIDTH) : largestOf(cells[c]!.map(displayWidth), 0);
    return Math.max(body, displayWidth(text(column.title)));
  });
  const groups = spans(columns);
  for (const { name, first, count } of groups) {
    const missing = displayWidth(text(name)) - spanWidth(widths, first, count);
    if (missing > 0) widths[first + count - 1]! += missing;
  }
  squeeze(widths, columns, terminal.columns);

  const mark = terminal.unicode ? "…" : "~";
  const pad = (value: string, c: number, right: boolean) => {
    const cut = truncate(value, widths[c]!, mark);
    const space = " ".repeat(Math.max(0, widths[c]! - displayWidth(cut)));
    return right ? space + cut : cut + space;
  };
  const line = (parts: string[]) => parts.join(" ".repeat(GAP)).trimEnd();
  const paint = (format: "bold" | "dim", value: string) =>
    terminal.colour ? styleText(format, value, { validateStream: false }) : value;
  const lines: string[] = [];
  if (groups.some(({ name }) => name !== "")) {
    const parts = groups.map(({ name, first, count }) => {
      const width = spanWidth(widths, first, count);
      const cut = truncate(text(name), width, mark);
      return cut + " ".repeat(width - displayWidth(cut));
    });
    lines.push(paint("bold", line(parts)));
  }
  lines.push(
    paint("bold", line(columns.map(({ title, kind }, c) => pad(text(title), c, kind === "number")))),
  );
  const rule = terminal.unicode ? "─" : "-";
  lines.push(paint("dim", line(widths.map((width) => rule.repeat(width)))));
  const largest = columns.map((column) =>
    column.kind === "bar"
      ? (column.max ??
        largestOf(
          rows.map((row) => finite(column.value(row))),
          0,
        ))
      : 0,
  );
  rows.forEach((row, r) => {
    const parts = columns.map((column, c) => {
      if (column.kind !== "bar") return pad(cells[c]![r]!, c, column.kind === "number");
      const width = Math.min(widths[c]!, column.width ?? BAR_WIDTH);
      return pad(bar(finite(column.value(row)) / (largest[c]! || 1), width, terminal.unicode), c, false);
    });
    lines.push(line(parts));
  });
  return `${lines.join("\n")}\n`;
}

/** A bar that fills `share` (0 … 1) of `width` columns, in steps of an eighth of one (whole ones in ASCII). */
export function bar(share: number, width: number, unicode: boolean): string {
  const eighths = Math.round(Math.min(1, Math.max(0, share)) * width * 8);
  if (!unicode) return "#".repeat(Math.round(eighths / 8));
  return "█".repeat(Math.floor(eighths / 8)) + EIGHTHS[eighths % 8];
}

/** The course of `values` in one line, one character each, from the least to the greatest; a space where there is none. */
export function sparkline(values: readonly (number | null)[], unicode = true): string {
  const levels = unicode ? "▁▂▃▄▅▆▇█" : "_.-~=+*#";
  const known = values.filter((value): value is number => value !== null && Number.isFinite(value));
  const low = leastOf(known);
  const span = largestOf(known) - low;
  return values
    .map((value) => {
      if (value === null || !Number.isFinite(value)) return " ";
      return levels[span === 0 ? 3 : Math.min(7, Math.floor(((value - low) / span) * 8))]!;
    })
    .join("");
}

function finite(value: TableCell): number {
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
}

/** Numbers with equal decimals, so that points stand under points: four digits for the largest by default. */
function numbers(
  values: readonly TableCell[],
  options: { decimals?: number; format?: "number" | "percent" },
): string[] {
  const factor = options.format === "percent" ? 100 : 1;
  const suffix = options.format === "percent" ? "%" : "";
  const known = values.filter(
    (value): value is number => typeof value === "number" && Number.isFinite(value),
  );
  const largest = largestOf(known.map(Math.abs), 0) * factor;
  const whole = factor === 1 && known.every(Number.isInteger);
  const digits = largest >= 1 ? Math.floor(Math.log10(largest)) + 1 : 1;
  const decimals = options.decimals ?? (whole ? 0 : factor === 100 ? 1 : Math.max(0, 4 - digits));
  return values.map((value) => {
    if (typeof value !== "number") return value ?? "-";
    if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "inf" : "-inf";
    return (value * factor).toFixed(decimals) + suffix;
  });
}

function spans<Row>(columns: readonly Column<Row>[]): { name: string; first: number; count: number }[] {
  const out: { name: string; first: number; count: number }[] = [];
  columns.forEach(({ group = "" }, c) => {
    const last = out.at(-1);
    if (last && group !== "" && last.name === group) last.count++;
    else out.push({ name: group, first: c, count: 1 });
  });
  return out;
}

function spanWidth(widths: readonly number[], first: number, count: number): number {
  return widths.slice(first, first + count).reduce((sum, width) => sum + width + GAP, -GAP);
}

/** Narrows bars (to 4 columns), then text (to 6), until the table fits. */
function squeeze<Row>(widths: number[], columns: readonly Column<Row>[], limit: number): void {
  for (const [kind, least] of [
    ["bar", 4],
    ["text", 6],
  ] as const) {
    for (;;) {
      if (spanWidth(widths, 0, widths.length) <= limit) return;
      const candidates = columns.flatMap((column, c) =>
        column.kind === kind && widths[c]! > least ? [c] : [],
      );
      if (candidates.length === 0) break;
      widths[candidates.reduce((a, b) => (widths[b]! > widths[a]! ? b : a))]!--;
    }
  }
}
