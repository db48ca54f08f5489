/** @file Numbers by name, and rows of them, for the terminal. */

import type { Terminal } from "../base/terminal.ts";
import { type Column, table } from "../base/terminal-table.ts";
import type { Report } from "./report-schema.ts";

const DECIMALS = 4;
/** Rows that are shown: the first, the last, and some between. The report has all. */
const MOST_ROWS = 40;

/** Single numbers; nothing where there are none. Accuracies of a classifier stand in the heading. */
export function numberTable(numbers: Report["numbers"], terminal: Terminal): string {
  const rows = Object.entries(numbers).filter(([name]) => !/^top1(Untrained)?$/.test(name));
  if (rows.length === 0) return "";
  const columns: Column<(typeof rows)[number]>[] = [
    { kind: "text", title: "", value: ([name]) => name },
    {
      ...{ kind: "number", title: "value", decimals: DECIMALS },
      value: ([, value]) => (Number.isInteger(value) ? String(value) : value), // counts have no decimals
    },
  ];
  return table(rows, columns, terminal);
}

type Row = Report["rows"][number];

/** A column for each name that any row has; nothing where there are no rows. */
export function rowTable(rows: readonly Row[], terminal: Terminal): string {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  if (names.length === 0) return "";
  const columns = names.map((name): Column<Row> => {
    const cells = rows.map((row) => row[name]).filter((cell) => cell !== undefined && cell !== null);
    const value = (row: Row) => row[name];
    if (cells.some((cell) => typeof cell === "string")) return { kind: "text", title: name, value };
    const whole = cells.every(Number.isInteger);
    return { kind: "number", title: name, decimals: whole ? 0 : DECIMALS, value };
  });
  const stride = Math.ceil(rows.length / MOST_ROWS);
  const shown = rows.filter((_, i) => i === 0 || i === rows.length - 1 || (i + 1) % stride === 0);
  return table(shown, columns, terminal);
}
