/** @file A Parquet file as features, labels and names. */

import { DataError, VitrineError } from "../../../base/errors.ts";
import { type ArrayNames, chooseNames } from "../../features/features.ts";
import { readNumbers, readTexts } from "./column.ts";
import type { Column } from "./schema.ts";
import { openTable, type Source, type Table } from "./table.ts";

/** What a file holds, before it is checked as features. */
export interface Decoded {
  /** [n, d] */
  values: Float32Array<ArrayBuffer>;
  n: number;
  d: number;
  /** [n] */
  labels?: Float64Array<ArrayBuffer>;
  /** What the labels stand for, where the file has text. */
  classes?: readonly string[];
  /** [n] */
  names?: readonly string[];
}

/**
 * Features of a column of numbers, or of lists of them, all of one length; labels and names of columns of such names.
 * Labels that are text are numbered in the order of their code points.
 *
 * @throws {DataError} other columns, nulls, a damaged file, or one that takes more than `unpackLimit`
 */
export function decodeParquet(source: Source, given: ArrayNames): Decoded {
  const { path } = source;
  try {
    return decode(openTable(source), given, path);
  } catch (error) {
    if (!(error instanceof VitrineError))
      throw unreadable(path, `it is damaged (${(error as Error).message})`, error);
    if (error.path === undefined || error.path === "a page") throw unreadable(path, error.message, error);
    throw error;
  }
}

const unreadable = (path: string, message: string, cause: unknown): DataError =>
  new DataError(`${path}: ${message.split("\n")[0]}`, { path, cause });

function decode(table: Table, given: ArrayNames, path: string): Decoded {
  const chosen = chooseNames(
    table.columns.map(({ name }) => name),
    given,
    path,
  );
  const column = (name: string) => table.columns.find((one) => one.name === name)!;
  const features = column(chosen.features);
  const wanted = "expected numbers, whole numbers of 64 bits or booleans, or lists of them";
  if (features.holds !== "numbers") refuse(features, wanted);
  const { values, n, d } = readNumbers(table, features, Float32Array);
  if (n === 0) throw new DataError("it has no rows");
  return {
    values,
    n,
    d,
    ...(chosen.labels !== undefined && readLabels(table, column(chosen.labels))),
    ...(chosen.features !== "names" && readNames(table)),
  };
}

function readLabels(table: Table, column: Column): Pick<Decoded, "labels" | "classes"> {
  const { holds, list } = column;
  if (list || (holds !== "numbers" && holds !== "text"))
    refuse(column, "expected whole numbers or text as labels");
  if (holds === "numbers") return { labels: readNumbers(table, column, Float64Array).values };
  const texts = readTexts(table, column);
  const classes = [...new Set(texts)].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const numbers = new Map(classes.map((text, number) => [text, number]));
  return { labels: Float64Array.from(texts, (text) => numbers.get(text)!), classes };
}

function readNames(table: Table): Pick<Decoded, "names"> {
  const column = table.columns.find(({ name }) => name === "names");
  if (column === undefined) return {};
  if (column.list || !["numbers", "text"].includes(column.holds)) refuse(column, "expected text as names");
  if (column.holds === "text") return { names: readTexts(table, column) };
  return { names: Array.from(readNumbers(table, column, Float64Array).values, String) };
}

function refuse({ name, holds, list }: Column, wanted: string): never {
  throw new DataError(`${name}: ${wanted}, got ${list ? "lists of " : ""}${holds}`);
}
