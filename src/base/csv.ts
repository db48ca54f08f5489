/** @file Tables as CSV (RFC 4180), which spreadsheets open too. */

/** A cell; numbers keep all their digits. */
export type Cell = string | number | null | undefined;

/** Rows under named columns. */
export interface Table {
  columns: readonly string[];
  rows: readonly (readonly Cell[])[];
}

/**
 * The table as CSV, lines ended by a line feed. Missing cells are empty; NaN and Infinity are written so. Text that a
 * spreadsheet would take for a formula gets an apostrophe before it.
 */
export function csv({ columns, rows }: Table): string {
  return [columns, ...rows].map((row) => `${row.map(field).join(",")}\n`).join("");
}

function field(cell: Cell): string {
  if (typeof cell === "number") return String(cell);
  const given = cell ?? "";
  const text = /^[=+\-@\t\r\n＝＋－＠]/.test(given) ? `'${given}` : given;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Several tables as one: a first column names the part, and each table fills the columns it has. */
export function stackTables(parts: readonly { name: string; table: Table }[]): Table {
  const columns = [...new Set(parts.flatMap(({ table }) => table.columns))];
  const rows = parts.flatMap(({ name, table }) => {
    const places = columns.map((column) => table.columns.indexOf(column));
    return table.rows.map((row) => [name, ...places.map((place) => (place < 0 ? null : row[place]))]);
  });
  return { columns: ["panel", ...columns], rows };
}
