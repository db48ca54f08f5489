/** @file Rows of a Parquet file of any size: only the columns and the group that are asked for are read. */

import { DataError, VitrineError } from "../../../base/errors.ts";
import { type CellKind, readCells } from "./cells.ts";
import { openFile } from "./file.ts";
import { openTable, type Table } from "./table.ts";

export interface Rows extends Disposable {
  /** Names of the columns. */
  readonly names: readonly string[];
  /** What the writer noted, by key. */
  readonly notes: ReadonlyMap<string, string>;
  /** First row of each group and the one after its last. */
  readonly groups: readonly (readonly [from: number, to: number])[];
  /**
   * One column in one group, a value to each row or nothing where it is missing; of a struct, its part of that name.
   * @throws {DataError} there is no such column, or it is damaged, or takes more than `unpackLimit`
   */
  column<K extends CellKind>(
    name: string,
    group: number,
    as: K,
    part?: string,
  ): ReturnType<typeof readCells<K>>;
}

/** The caller closes what is opened. @throws {DataError} it cannot be opened, or is no whole Parquet file */
export function openRows(path: string): Rows {
  const file = openFile(path);
  try {
    const table = told(path, () => openTable(file));
    const opened = table.budget.held;
    const groups: [number, number][] = [];
    for (const count of table.groups) {
      const from = groups.at(-1)?.[1] ?? 0;
      groups.push([from, from + count]);
    }
    return {
      names: table.columns.map(({ name }) => name),
      notes: table.notes,
      groups,
      column(name, group, as, part) {
        try {
          return told(path, () => readCells(table, columnOf(table, name, part), group, as));
        } finally {
          table.budget.release(opened);
        }
      },
      [Symbol.dispose]: () => file[Symbol.dispose](),
    };
  } catch (error) {
    file[Symbol.dispose]();
    throw error;
  }
}

function columnOf({ columns }: Table, name: string, part?: string) {
  const column = columns.find((one) => one.name === name);
  if (column === undefined)
    throw new DataError(`no column ${name}; there are ${columns.map((one) => one.name).join(", ")}`);
  if (part === undefined || column.parts === undefined) return column;
  const inside = column.parts.find((one) => one.name === part);
  if (inside !== undefined) return { ...inside, name: `${name}.${part}` };
  throw new DataError(`${name} has no ${part}, but ${column.parts.map((one) => one.name).join(", ")}`);
}

/** What goes wrong in a file, with its path. */
function told<T>(path: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    if (error instanceof VitrineError && error.path === path) throw error;
    const { message } = error as Error;
    const what = error instanceof VitrineError ? message : `it is damaged (${message.split("\n")[0]})`;
    throw new DataError(`${path}: ${what}`, { path, cause: error });
  }
}
