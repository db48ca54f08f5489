/** @file A column of one group of rows: a value to each row, or nothing where it is missing. */

import { DataError } from "../../../base/errors.ts";
import type { Page } from "./chunk.ts";
import { readRuns } from "./runs.ts";
import type { Column } from "./schema.ts";
import type { Table } from "./table.ts";
import { bytesOf, numbersOf, textsOf } from "./values.ts";

/** What cells are read as, and which columns can be. */
interface Kinds {
  bytes: Uint8Array;
  text: string;
  numbers: number;
}
export type CellKind = keyof Kinds;
const HOLDS: Readonly<Record<CellKind, readonly string[]>> = {
  bytes: ["bytes", "text"],
  text: ["text", "bytes"],
  numbers: ["numbers"],
};

/** Bytes that a cell takes in a list. */
const CELL = 8;

/**
 * The cells of a column in one group. Whole numbers beyond 2⁵³ are NaN.
 * @throws {Error} a column of another kind, or of lists; damaged; more than the table's budget
 */
export function readCells<K extends CellKind>(
  table: Table,
  column: Column,
  group: number,
  kind: K,
): (Kinds[K] | undefined)[] {
  const { name, holds, list, leaf, defined } = column;
  if (list || !HOLDS[kind].includes(holds))
    throw new DataError(`${name}: expected ${kind}, got ${list ? `lists of ${holds}` : holds}`);
  const hold = (bytes: number): void => table.budget.hold(bytes);
  const valuesOf = (page: Page): ArrayLike<unknown> => {
    if (kind === "numbers") return numbersOf(page, leaf);
    return kind === "text" ? textsOf(page, leaf, hold) : bytesOf(page, leaf, hold);
  };
  const cells: unknown[] = [];
  let dictionary: ArrayLike<unknown> | undefined;
  for (const page of table.pages(column, group)) {
    if (page.dictionary) {
      dictionary = valuesOf(page);
      continue;
    }
    hold(CELL * page.count);
    const isThere = presence(page, defined);
    const count = isThere.reduce((sum, there) => sum + there, 0);
    const values = isCoded(page) ? decoded(page, count, dictionary, name) : valuesOf({ ...page, count });
    let next = 0;
    for (const there of isThere) cells.push(there ? values[next++] : undefined);
  }
  const rows = table.groups[group]!;
  if (cells.length !== rows)
    throw new DataError(`${name} has ${cells.length} rows in group ${group}, expected ${rows}`);
  return cells as (Kinds[K] | undefined)[];
}

const isCoded = ({ encoding }: Page): boolean =>
  encoding === "RLE_DICTIONARY" || encoding === "PLAIN_DICTIONARY";

/** 1 for each row whose value is there. */
function presence({ definition, count }: Page, defined: number): Uint8Array {
  const there = new Uint8Array(count).fill(1);
  if (definition === undefined) return there;
  let seen = 0;
  readRuns(definition, count, (level, times) => {
    if (level < defined) there.fill(0, seen, seen + times);
    seen += times;
  });
  return there;
}

/** The values that places in a dictionary stand for. */
function decoded(
  { bytes }: Page,
  count: number,
  dictionary: ArrayLike<unknown> | undefined,
  name: string,
): unknown[] {
  if (dictionary === undefined) throw new DataError(`${name} without its dictionary`);
  const values: unknown[] = [];
  readRuns({ bytes, at: 1, end: bytes.length, width: bytes[0] ?? 0 }, count, (place, times) => {
    if (place >= dictionary.length)
      throw new DataError(`${name} names entry ${place} of a dictionary of ${dictionary.length}`);
    for (let i = 0; i < times; i++) values.push(dictionary[place]);
  });
  return values;
}
