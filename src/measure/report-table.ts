/** @file A report for the terminal: what was measured, the layers before and after, the numbers, the rows. */

import { plain } from "../base/plain-text.ts";
import { ascii, displayWidth, type Terminal, terminalOf, truncate } from "../base/terminal.ts";
import { type Column, table } from "../base/terminal-table.ts";
import { sparsifier } from "./layer-figures.ts";
import type { Report, ReportLayer, ReportStack } from "./report-schema.ts";
import { numberTable, rowTable } from "./row-table.ts";

interface Row {
  layer: number;
  before: ReportLayer | undefined;
  after: ReportLayer;
}

interface Shown {
  title: string;
  note: string;
  of(layer: ReportLayer): number | null | undefined;
}

/** What the first group shows: Rᶜ where there are subspaces, else the rate of all tokens, or of features. */
const RATES: readonly Shown[] = [
  {
    title: "R^c of LN(Z)U (nats)",
    of: ({ authorsRate }) => authorsRate?.mean,
    note: "R^c as the authors' code has it: of attention's input, at unit length in each head",
  },
  {
    title: "R of all tokens (nats)",
    of: ({ rate }) => rate?.mean,
    note: "R of the tokens after each layer",
  },
  {
    title: "R of the features (nats)",
    of: ({ featureRate }) => featureRate,
    note: "R of the features of all samples, averaged over pixels, at unit length",
  },
];
const BAR = 10;

/**
 * What was measured, a table of the layers with how its rates are meant, the numbers, the rows, and what is left out;
 * ended by a line feed. At most as wide as the terminal, plain ASCII where it is none. A dash stands where there is no
 * number.
 */
export function reportTable(report: Report, terminal: Terminal = terminalOf(process.stdout)): string {
  const line = (text: string) => {
    const clean = plain(text);
    return `${truncate(terminal.unicode ? clean : ascii(clean), terminal.columns, terminal.unicode ? "…" : "~")}\n`;
  };
  const stacks = (report.layers ?? []).map((stack) => {
    const name = report.layers?.length === 1 ? "" : `${line(stack.name)}\n`;
    if (stack.after.every(({ nonZero }) => nonZero === undefined)) return ""; // weights alone
    const { rate, text } = stackTable(stack, terminal);
    return `${name}${text}${rate === undefined ? "" : `\n${line(rate.note)}`}`;
  });
  const tables = [numberTable(report.numbers, terminal), rowTable(report.rows, terminal)];
  const notes = report.notes.flatMap((note) => wrapped(note, terminal.columns).map(line)).join("");
  return [line(heading(report)), ...stacks, ...tables, notes].filter((text) => text !== "").join("\n");
}

/** Words in lines of at most so many columns; a word that is longer stands alone. */
function wrapped(text: string, columns: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const longer = `${lines.at(-1)} ${word}`;
    if (lines.length > 0 && displayWidth(longer) <= columns) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

function stackTable(stack: ReportStack, terminal: Terminal) {
  const { before, after } = stack;
  const rows = after.map((layer, l): Row => ({ layer: l + 1, before: before?.[l], after: layer }));
  const rate = RATES.find(({ of }) => after.some((layer) => of(layer) !== undefined));
  const share = { format: "percent", decimals: 1, max: 1 } as const;
  const nonZeros = pair(`non-zeros after ${sparsifier([stack])}`, ({ nonZero }) => nonZero?.mean, share);
  const rates = rate === undefined ? [] : pair(rate.title, rate.of, {});
  const columns: Column<Row>[] = [
    { title: "layer", kind: "number", value: (row) => row.layer },
    ...rates,
    ...nonZeros,
  ];
  return { rate, text: table(rows, columns, terminal) };
}

/** What was measured on what; accuracies where the model is a classifier. */
function heading({ name, samples, data, checkpoint, numbers }: Report): string {
  const what = checkpoint?.name ?? name;
  const on = data === undefined ? "" : ` on ${samples} ${data.split} ${data.unit} of ${data.name}`;
  const { top1, top1Untrained } = numbers;
  if (typeof top1 !== "number") return `${what}${on}`;
  const percent = (value: number) => `${value.toFixed(1)} %`;
  const from = typeof top1Untrained === "number" ? `${percent(top1Untrained)} → ` : "";
  return `${what}${on}; accuracy ${from}${percent(top1)}`;
}

/** Before → after, and a bar for after. */
function pair(
  group: string,
  of: (layer: ReportLayer) => number | null | undefined,
  options: { format?: "percent"; decimals?: number; max?: number },
): Column<Row>[] {
  const { max, ...format } = options;
  return [
    { title: "before", group, kind: "number", ...format, value: ({ before }) => before && of(before) },
    { title: "→", group, kind: "text", value: () => "→" },
    { title: "after", group, kind: "number", ...format, value: ({ after }) => of(after) },
    {
      title: "",
      group,
      kind: "bar",
      width: BAR,
      ...(max !== undefined && { max }),
      value: ({ after }) => of(after),
    },
  ];
}
