/** @file Writing to people and to programs: stdout carries data, stderr carries talk. */
import type { WriteStream } from "node:tty";
import { styleText } from "node:util";
import { plain, plainJson, plainLines } from "../base/plain-text.ts";
import { talk } from "../base/talk.ts";

export { talk };

type Style = "red" | "bold";

/** The text in a style where the stream is a terminal with colours; hasColors() knows NO_COLOR and FORCE_COLOR. */
export function style(name: Style, text: string, stream: NodeJS.WriteStream = process.stdout): string {
  const terminal = stream as WriteStream;
  return terminal.isTTY && terminal.hasColors() ? styleText(name, text) : text;
}

/** Lines of the answer, on stdout, without what could steer a terminal. */
export function print(text: string): void {
  process.stdout.write(`${plainLines(text)}\n`);
}

/** The answer for programs, on stdout. */
export function printJson(value: unknown): void {
  process.stdout.write(`${plainJson(JSON.stringify(value, null, 2))}\n`);
}

/** Rows as columns on stdout, the headings bold. */
export function printColumns(...table: Parameters<typeof columns>): void {
  const [heading, ...lines] = columns(...table).split("\n");
  process.stdout.write(`${[style("bold", heading!), ...lines].join("\n")}\n`);
}

/** A table as `inspect` makes it, on stdout: its cells are plain already, its headings are bold or dim. */
export function printTable(table: string): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the styles that a table has
  const styles = /(\u001b\[(?:1|2|22)m)/;
  const parts = table.split(styles).map((part) => (styles.test(part) ? part : plainLines(part)));
  process.stdout.write(`${parts.join("")}\n`);
}

/** An error on stderr, with its first word red. */
export function talkError(text: string): void {
  const [word = ""] = /^(error|internal):/.exec(text) ?? [];
  process.stderr.write(style("red", word, process.stderr));
  talk(text.slice(word.length));
}

/** Rows as lines of columns two spaces apart; columns of numbers go to the right. */
export function columns(heading: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = rows.map((row) => row.map((cell) => plain(String(cell))));
  const all = [heading, ...cells];
  const widths = heading.map((_, i) => all.reduce((width, row) => Math.max(width, row[i]!.length), 0));
  const right = heading.map((_, i) => cells.every((row) => /^[\d,.]*$/.test(row[i]!)));
  const lines = all.map((row) => {
    const padded = row.map((cell, i) => (right[i] ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)));
    return padded.join("  ").trimEnd();
  });
  return lines.join("\n");
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
