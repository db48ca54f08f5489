/** @file What the columns of a Parquet file hold, before any of it is read. */

import type { SchemaElement } from "hyparquet";
import { DataError } from "../../../base/errors.ts";

/** One column of the table. */
export interface Column {
  name: string;
  /** "numbers", "text", or what else, in words for a message. */
  holds: string;
  /** Whether each row is a list of them. */
  list: boolean;
  /** The leaf that has the values, and its place among the leaves of all columns. */
  leaf: SchemaElement;
  place: number;
  /** Definition level of a value that is there. */
  defined: number;
  /** Definition level of a list that has an entry, which may be null; 0 where rows are no lists. */
  entry: number;
  /** Columns inside, where each row is a struct. */
  parts?: readonly Column[];
}

/** The columns of the table. @throws {DataError} elements that are no tree */
export function columnsOf(schema: readonly SchemaElement[]): Column[] {
  const columns: Column[] = [];
  let place = 0;
  for (let at = 1; at < schema.length; ) {
    const end = subtreeEnd(schema, at);
    const nodes = schema.slice(at, end);
    columns.push(columnOf(nodes, place));
    place += nodes.filter(({ type }) => type !== undefined).length;
    at = end;
  }
  return columns;
}

function subtreeEnd(schema: readonly SchemaElement[], start: number): number {
  let at = start;
  for (let open = 1; open > 0; open--) {
    const node = schema[at++];
    const children = node?.num_children ?? 0;
    if (node === undefined || children < 0) throw new DataError("a schema that is cut off");
    open += children;
  }
  return at;
}

function columnOf(nodes: readonly SchemaElement[], place: number): Column {
  const top = nodes[0]!;
  const leaf = nodes.at(-1)!;
  const repeated = nodes.findIndex(({ repetition_type }) => repetition_type === "REPEATED");
  const levels = (part: readonly SchemaElement[]) =>
    part.filter(({ repetition_type }) => repetition_type !== "REQUIRED").length;
  const simple = nodes.length === 1 || isListOfValues(nodes);
  const holds = simple ? valuesOf(leaf) : partsOf(nodes);
  return {
    name: top.name,
    holds,
    list: simple && repeated >= 0,
    leaf,
    place,
    defined: levels(nodes),
    entry: repeated < 0 ? 0 : levels(nodes.slice(0, repeated + 1)),
    ...(holds === "structs" && top.repetition_type !== "REPEATED" && { parts: inside(nodes, place) }),
  };
}

/** The columns of a struct, whose values are missing where the struct is. */
function inside([top, ...nodes]: readonly SchemaElement[], place: number): Column[] {
  const above = top!.repetition_type === "REQUIRED" ? 0 : 1;
  const found = columnsOf([top!, ...nodes]);
  return found.map((column) => ({
    ...column,
    place: place + column.place,
    defined: above + column.defined,
  }));
}

const isOf = ({ converted_type, logical_type }: SchemaElement, kind: "LIST" | "MAP"): boolean =>
  converted_type === kind || logical_type?.type === kind;

/** LIST of a repeated group of one value, or, as it was once written, of the repeated value itself. */
function isListOfValues(nodes: readonly SchemaElement[]): boolean {
  const [top, middle, leaf] = nodes as [SchemaElement, SchemaElement, SchemaElement?];
  if (!isOf(top, "LIST") || top.repetition_type === "REPEATED" || middle.repetition_type !== "REPEATED")
    return false;
  if (nodes.length === 2) return true;
  const record = middle.name === "array" || middle.name === `${top.name}_tuple`; // by the format's rule for old files
  return nodes.length === 3 && leaf?.repetition_type !== "REPEATED" && !record;
}

function partsOf([top, ...inside]: readonly SchemaElement[]): string {
  if (isOf(top!, "MAP") || top!.converted_type === "MAP_KEY_VALUE") return "maps";
  if (!isOf(top!, "LIST")) return "structs";
  if (inside.some((node) => isOf(node, "MAP"))) return "lists of maps";
  return inside.some((node) => isOf(node, "LIST")) ? "lists of lists" : "lists of structs";
}

/** Kinds by the annotations that say them, the older ones and the newer ones. */
const KINDS: readonly [what: string, pattern: RegExp][] = [
  ["decimals", /^DECIMAL$/],
  ["dates", /^DATE$/],
  ["timestamps", /^TIMESTAMP/],
  ["times of day", /^TIME(_|$)/],
  ["intervals", /^INTERVAL$/],
  ["nulls alone", /^NULL$/],
  ["text", /^(UTF8|STRING|ENUM|JSON)$/],
  ["UUIDs", /^UUID$/],
  ["numbers", /^(U?INT_(8|16|32|64)|INTEGER|FLOAT16)$/],
];

/** What the values of a leaf are. */
function valuesOf({ type, type_length, converted_type, logical_type }: SchemaElement): string {
  if (type === undefined) return "nothing";
  const annotation = logical_type === undefined ? converted_type : (logical_type.type ?? "unknown");
  const kind =
    annotation === undefined ? undefined : (KINDS.find(([, pattern]) => pattern.test(annotation))?.[0] ?? "");
  const half = annotation === "FLOAT16" && type === "FIXED_LEN_BYTE_ARRAY" && type_length === 2;
  if (type === "INT96") return "timestamps";
  if (type === "BYTE_ARRAY" || (type === "FIXED_LEN_BYTE_ARRAY" && !half))
    return kind === undefined || kind === "numbers" ? "bytes" : kind || "bytes";
  return kind === "" ? "values of a kind that is not known here" : (kind ?? "numbers");
}
