/** @file The bytes of an image's file, wherever it lies. */

import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { openRows } from "../formats/parquet/rows.ts";
import type { ImagePlace } from "./place.ts";

/** The image's file, as bytes. @throws Error with the reason where there is none */
export async function readPlace(place: ImagePlace): Promise<Uint8Array> {
  if (typeof place === "string") return readFileSync(place);
  return "row" in place ? ofRow(place) : ofBytes(place);
}

function ofBytes({ shard, offset, length }: Extract<ImagePlace, { offset: number }>): Uint8Array {
  const bytes = new Uint8Array(length);
  const file = openSync(shard, "r");
  try {
    const read = readSync(file, bytes, 0, length, offset);
    if (read < length) throw new Error(`the archive is cut off: ${read} of ${length} bytes are there`);
  } finally {
    closeSync(file);
  }
  return bytes;
}

/** Bytes of groups of rows that stay in a thread: neighbours in the order come from few groups. */
const KEPT = 128e6;

type Group = Promise<readonly (Uint8Array | undefined)[]>;
const groups = new Map<string, { rows: Group; bytes: number }>();

async function ofRow({
  shard,
  column,
  row,
  group,
}: Extract<ImagePlace, { row: number }>): Promise<Uint8Array> {
  const key = `${shard}:${group[0]}`;
  const known = groups.get(key) ?? { rows: readGroup(shard, column, group), bytes: 0 };
  groups.delete(key); // and set again: the first of the map was used longest ago
  groups.set(key, known);
  const rows = await known.rows.catch((error: Error) => {
    groups.delete(key);
    throw error;
  });
  known.bytes = rows.reduce((sum, bytes) => sum + (bytes?.length ?? 0), 0);
  let total = 0;
  for (const { bytes } of groups.values()) total += bytes;
  for (const [old, { bytes }] of groups) {
    if (total <= KEPT || old === key) break;
    groups.delete(old);
    total -= bytes;
  }
  const image = rows[row - group[0]];
  if (image === undefined) throw new Error("the row has no image");
  return image;
}

async function readGroup(shard: string, column: string, [from, to]: readonly [number, number]): Group {
  using rows = openRows(shard);
  const group = rows.groups.findIndex(([first, end]) => first === from && end === to);
  return rows.column(column, group, "bytes", "bytes"); // of a struct as Hugging Face has it, { bytes, path }
}
