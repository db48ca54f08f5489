/** @file A whole column in memory, as numbers or as text; a null is refused with its row. */

import { DataError } from "../../../base/errors.ts";
import { type Page, rowOf } from "./chunk.ts";
import { readRuns } from "./runs.ts";
import type { Column } from "./schema.ts";
import type { Table } from "./table.ts";
import { type Numbers, numbersOf, textsOf } from "./values.ts";

/** Numbers of a column, row by row; d to each row. */
export interface NumberColumn<T> {
  values: T;
  n: number;
  d: number;
}

/**
 * A column of numbers, or of lists of d numbers.
 * @throws {Error} a null, lists of different lengths, whole numbers beyond 2⁵³; damaged
 */
export function readNumbers<T extends Float32Array | Float64Array>(
  table: Table,
  column: Column,
  make: { new (length: number): T; BYTES_PER_ELEMENT: number },
): NumberColumn<T> {
  const total = table.count(column);
  table.budget.hold(total * make.BYTES_PER_ELEMENT);
  const values = new make(total);
  const rows = new Rows(column);
  let filled = 0;
  eachPage(table, column, rows, {
    values: (page) => numbersOf(page, column.leaf),
    dictionary: (numbers) => table.budget.hold(numbers.byteLength),
    plain: (numbers) => {
      values.set(numbers, filled);
      filled += numbers.length;
    },
    place: (numbers: Numbers, place, times) => {
      values.fill(numbers[place]!, filled, filled + times);
      filled += times;
    },
    done: (page, first) => {
      if (column.leaf.type === "INT64")
        refuseInexact(values.subarray(filled - page.count, filled), column, page, first);
    },
  });
  return { values, n: rows.count, d: rows.length ?? 0 };
}

/** A column of text. @throws {Error} a null; damaged; not UTF-8 */
export function readTexts(table: Table, column: Column): string[] {
  const hold = (bytes: number): void => table.budget.hold(bytes);
  hold(8 * table.count(column));
  const texts: string[] = [];
  eachPage(table, column, new Rows(column), {
    values: (page) => textsOf(page, column.leaf, hold),
    dictionary: () => {},
    plain: (found) => {
      for (const text of found) texts.push(text);
    },
    place: (found: string[], place, times) => {
      for (let i = 0; i < times; i++) texts.push(found[place]!);
    },
  });
  return texts;
}

interface Visitor<V extends { length: number }> {
  values(page: Page): V;
  dictionary(values: V): void;
  /** The next values. */
  plain(values: V): void;
  /** The next values: `times` times the one at this place of the dictionary. */
  place(dictionary: V, place: number, times: number): void;
  /** All values of a page were given. */
  done?(page: Page, firstRow: number): void;
}

function eachPage<V extends { length: number }>(
  table: Table,
  column: Column,
  rows: Rows,
  visit: Visitor<V>,
): void {
  let expected = 0;
  table.groups.forEach((count, group) => {
    let dictionary: V | undefined;
    for (const page of table.pages(column, group)) {
      if (page.dictionary) {
        dictionary = visit.values(page);
        visit.dictionary(dictionary);
        continue;
      }
      const first = rows.count;
      refuseMissing(page, column, first);
      rows.take(page);
      if (page.encoding === "RLE_DICTIONARY" || page.encoding === "PLAIN_DICTIONARY") {
        const known = dictionary ?? fail(`${column.name} without its dictionary`);
        const { bytes } = page;
        const runs = { bytes, at: 1, end: bytes.length, width: bytes[0] ?? 0 };
        readRuns(runs, page.count, (place, times) => {
          if (place >= known.length)
            fail(`${column.name} names entry ${place} of a dictionary of ${known.length}`);
          visit.place(known, place, times);
        });
      } else visit.plain(visit.values(page));
      visit.done?.(page, first);
    }
    rows.close();
    expected += count;
    if (rows.count !== expected) fail(`${column.name} has ${rows.count} rows, expected ${expected}`);
  });
}

/** Counts rows, which have one length. */
class Rows {
  count = 0;
  /** Of each row; nothing before the first is whole. */
  length: number | undefined;
  #open = 0;

  constructor(private readonly column: Column) {}

  take({ repetition, count }: Page): void {
    if (repetition === undefined) {
      if (count > 0) this.length = 1;
      this.count += count;
      return;
    }
    readRuns(repetition, count, (level, times) => {
      if (level === 1) this.#open += times;
      else {
        this.#begin();
        if (times > 1) this.#begin(times - 1);
      }
    });
    if (count > 0 && this.count === 0) fail(`${this.column.name} begins inside a row`);
  }

  #begin(times = 1): void {
    this.close();
    this.count += times;
    this.#open = 1;
  }

  /** The row that is open is whole. */
  close(): void {
    if (this.#open === 0) return;
    this.length ??= this.#open;
    if (this.#open !== this.length)
      fail(
        `${this.column.name}: ${this.#open} numbers in row ${this.count - 1}, expected ${this.length} as in row 0`,
      );
    this.#open = 0;
  }
}

/** Every value must be there. */
function refuseMissing(page: Page, { name, defined, entry, list }: Column, first: number): void {
  if (page.definition === undefined) return;
  let seen = 0;
  readRuns(page.definition, page.count, (level, times) => {
    if (level < defined) {
      const row = rowOf(page, seen, first);
      if (list && level === entry - 1) fail(`${name}: an empty list in row ${row}, expected numbers`);
      const where = list && level >= entry ? `the list of row ${row}` : `row ${row}`;
      fail(`${name}: null in ${where}, expected a value; drop the row or fill it`);
    }
    seen += times;
  });
}

function refuseInexact(numbers: Numbers, { name }: Column, page: Page, first: number): void {
  const at = numbers.findIndex((value: number) => Number.isNaN(value));
  if (at < 0) return;
  const row = rowOf(page, at, first);
  fail(
    `${name}: a whole number beyond ±2^53 in row ${row}, which has no exact value here; write it as a float`,
  );
}

function fail(what: string): never {
  throw new DataError(what);
}
