/** @file The layer table of a report for the terminal: what each layer compresses and sparsifies, before and after. */

import { type Terminal, terminalOf } from "../train/terminal.ts";
import type { Report, ReportLayer } from "./report-schema.ts";
import { type Column, table } from "./terminal-table.ts";

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
const BAR = 10;

/**
 * The table, ended by a line feed: 80 columns wide at most in the default terminal, plain ASCII where it is none.
 * A dash stands where there is no number.
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
  return table(rows, columns, terminal);
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
