/** @file The layer table of a report for the terminal: what each layer compresses and sparsifies, before and after. */

import { plain } from "../base/plain-text.ts";
import { ascii, type Terminal, terminalOf, truncate } from "../base/terminal.ts";
import { type Column, table } from "../base/terminal-table.ts";
import type { Report, ReportLayer } from "./report-schema.ts";

interface Row {
  layer: number;
  before: ReportLayer | undefined;
  after: ReportLayer;
}

/** What the first group shows: Rᶜ where the model has subspaces, else the rate of the whole. */
const RATES = {
  crate: { title: "R^c after MSSA (nats)", of: (layer: ReportLayer) => layer.authorsRate?.mean },
  vit: { title: "R of all tokens (nats)", of: (layer: ReportLayer) => layer.rate.mean },
};
const NON_ZEROS = { crate: "non-zeros after ISTA", vit: "non-zeros after MLP" };
const NOTES = {
  crate: "R^c as the authors' code has it: of LN(Z)U, tokens at unit length in each head",
  vit: "R of the tokens after each layer; a ViT has no subspaces to take R^c against",
};
const BAR = 10;

/**
 * What was measured, the table, and how its rates are meant; ended by a line feed. At most as wide as the terminal,
 * plain ASCII where it is none. A dash stands where there is no number.
 */
export function layerTable(report: Report, terminal: Terminal = terminalOf(process.stdout)): string {
  const { family } = report.model;
  const { before, after } = report.layers;
  const rows = after.map((layer, l): Row => ({ layer: l + 1, before: before?.[l], after: layer }));
  const rate = RATES[family];
  const nonZero = (layer: ReportLayer) => layer.nonZero.mean;
  const columns: Column<Row>[] = [
    { title: "layer", kind: "number", value: (row) => row.layer },
    ...pair(rate.title, rate.of, {}),
    ...pair(NON_ZEROS[family], nonZero, { format: "percent", decimals: 1, max: 1 }),
  ];
  const line = (text: string) => {
    const clean = plain(text);
    return `${truncate(terminal.unicode ? clean : ascii(clean), terminal.columns, terminal.unicode ? "…" : "~")}\n`;
  };
  return `${line(heading(report))}\n${table(rows, columns, terminal)}\n${line(NOTES[family])}`;
}

function heading({ samples, data, checkpoint }: Report): string {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const { before, after } = samples.accuracy;
  const from = before === null ? "" : `${percent(before)} → `;
  return `${checkpoint.name} on ${samples.count} ${data.split} images of ${data.name}; accuracy ${from}${percent(after)}`;
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
