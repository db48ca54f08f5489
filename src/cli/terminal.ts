/** @file Writing to people and to programs: stdout carries data, stderr carries talk. */
import type { WriteStream } from "node:tty";
import { styleText } from "node:util";

type Style = "red" | "bold";

/** The text in a style where the stream is a terminal with colours; hasColors() knows NO_COLOR and FORCE_COLOR. */
export function style(name: Style, text: string, stream: NodeJS.WriteStream = process.stdout): string {
  const terminal = stream as WriteStream;
  return terminal.isTTY && terminal.hasColors() ? styleText(name, text) : text;
}

/** A line of the answer, on stdout. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** The answer for programs, on stdout. */
export function printJson(value: unknown): void {
  print(JSON.stringify(value, null, 2));
}

/** A line for the person watching, on stderr. */
export function talk(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Rows as columns two spaces apart; the headings are bold, columns of numbers go to the right. */
export function columns(heading: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = rows.map((row) => row.map((cell) => oneLine(String(cell))));
  const all = [heading, ...cells];
  const widths = heading.map((_, i) => Math.max(...all.map((row) => row[i]!.length)));
  const right = heading.map((_, i) => cells.every((row) => /^[\d,.]*$/.test(row[i]!)));
  const lines = all.map((row) => {
    const padded = row.map((cell, i) => (right[i] ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)));
    return padded.join("  ").trimEnd();
  });
  return [style("bold", lines[0]!), ...lines.slice(1)].join("\n");
}

/** Text without control characters, which could move the cursor: names come from files. */
export function oneLine(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, " ");
}

/** A whole number in groups of three digits: 6,090,856. */
export function grouped(n: number): string {
  return n.toLocaleString("en-US");
}

/** Whether a name matches a pattern with `*` and `?`. */
export function matches(pattern: string, name: string): boolean {
  const escaped = pattern.replaceAll(/[.+^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${escaped.replaceAll("*", ".*").replaceAll("?", ".")}$`, "i").test(name);
}
