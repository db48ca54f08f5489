/** @file What is in a shard, without its images: where each lies, and its label. */

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { extname } from "node:path";
import { DataError } from "../../base/errors.ts";
import { openRows, type Rows } from "../formats/parquet/rows.ts";
import { readHeader } from "../formats/tar.ts";
import { ENDINGS } from "../image/endings.ts";
import type { ImagePlace } from "../image/place.ts";

export interface ShardIndex {
  places: ImagePlace[];
  labels: number[];
  /** Names of the classes, where the shard says them. */
  classes?: readonly string[];
  /** What of it cannot be read: the rest of a tar that is cut off. */
  problem?: string;
  /** Keys of records that have no image. */
  without?: string[];
}

/** Members of a tar that share a key. */
interface TarRecord {
  key: string;
  images: { name: string; place: ImagePlace }[];
  label?: number | undefined;
}

export const indexShard = (path: string): ShardIndex =>
  extname(path) === ".tar" ? indexTar(path) : indexParquet(path);

/**
 * A WebDataset archive: members that share a name up to its first dot are a record, KEY.jpg (or another image; KEY.mask.png is
 * one only where there is no other) with KEY.cls, a number, or KEY.json with "label". What follows a damaged header is left out,
 * and the problem says where that is.
 */
function indexTar(path: string): ShardIndex {
  const file = openSync(path, "r");
  const { size } = fstatSync(file);
  const without: string[] = [];
  const found: ShardIndex = { places: [], labels: [], without };
  let record: TarRecord | undefined;
  const close = (): void => {
    if (record === undefined) return;
    const image = imageOf(record, path);
    if (image === undefined) {
      without.push(record.key);
      return;
    }
    if (record.label === undefined)
      throw new DataError(
        `${path}: record ${record.key}: expected its label in .cls or .json, found neither`,
        { path },
      );
    found.places.push(image);
    found.labels.push(record.label);
  };
  try {
    for (let at = 0; ; ) {
      const header = readHeader(file, at, `${path}: record ${found.places.length} at byte ${at}`);
      if (header === undefined) break;
      const { name, offset, length, next } = header;
      if (offset + length > size)
        throw new DataError(`${path}: record ${found.places.length}, ${name}: the archive is cut off in it`, {
          path,
        });
      const [, key = name, ending = ""] = /^((?:.*\/)?[^/.]+)(\..*)$/.exec(name) ?? [];
      if (record?.key !== key) {
        close();
        record = { key, images: [] };
      }
      if (ENDINGS.includes(ending.slice(ending.lastIndexOf(".")).toLowerCase()))
        record.images.push({ name, place: { shard: path, record: name, offset, length } });
      else if (ending === ".cls" || ending === ".json")
        record.label ??= labelIn(textAt(file, offset, length), ending, `${path}: record ${name}`);
      at = next;
    }
    close();
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    found.problem = error.message;
  } finally {
    closeSync(file);
  }
  return found;
}

/** The one image of a record. @throws {DataError} several */
function imageOf({ key, images }: TarRecord, path: string): ImagePlace | undefined {
  const plain = images.filter(({ name }) => name.lastIndexOf(".") === key.length);
  const [first, second] = plain.length > 0 ? plain : images;
  if (first === undefined || second === undefined) return first?.place;
  throw new DataError(`${path}: record ${key}: expected one image, found ${first.name} and ${second.name}`, {
    path,
  });
}

function textAt(file: number, offset: number, length: number): string {
  const bytes = Buffer.alloc(length);
  readSync(file, bytes, 0, length, offset);
  return bytes.toString("utf8");
}

function labelIn(text: string, ending: string, where: string): number | undefined {
  if (ending === ".cls" && /^\s*\d+\s*$/.test(text)) return Number(text);
  if (ending === ".cls")
    throw new DataError(`${where}: expected a label, a whole number from 0, got "${text.slice(0, 20)}"`);
  try {
    const label = (JSON.parse(text) as { label?: unknown } | null)?.label;
    return Number.isInteger(label) ? (label as number) : undefined;
  } catch {
    throw new DataError(`${where}: expected JSON`);
  }
}

/** Columns that may hold the images and the labels of Hugging Face's data sets. */
const IMAGES = ["image", "img", "jpg"];
const LABELS = ["label", "labels", "cls", "fine_label"];

/** Parquet as Hugging Face writes images: their files' bytes in a column, a whole number beside them. */
function indexParquet(path: string): ShardIndex {
  try {
    using rows = openRows(path);
    return indexRows(path, rows);
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    return { places: [], labels: [], problem: error.message };
  }
}

function indexRows(path: string, rows: Rows): ShardIndex {
  const { names, groups, notes } = rows;
  const column = IMAGES.find((name) => names.includes(name));
  const label = LABELS.find((name) => names.includes(name));
  if (column === undefined || label === undefined)
    throw new DataError(
      `${path}: expected a column ${IMAGES.join(", ")} and one ${LABELS.join(", ")}, got ${names.join(", ")}`,
      { path },
    );
  const labels = groups.flatMap(([from], group) =>
    rows.column(label, group, "numbers").map((value, i) => {
      if (value !== undefined && Number.isInteger(value)) return value;
      const got = value ?? "null";
      throw new DataError(`${path}: row ${from + i}: expected a whole number in ${label}, got ${got}`, {
        path,
      });
    }),
  );
  const places = groups.flatMap((group) =>
    Array.from({ length: group[1] - group[0] }, (_, i) => ({
      shard: path,
      column,
      row: group[0] + i,
      group,
    })),
  );
  const classes = classesIn(notes.get("huggingface"), label, path);
  return { places, labels, ...(classes && { classes }) };
}

/** Names of the classes where Hugging Face's library notes them. */
function classesIn(text: string | undefined, label: string, path: string): string[] | undefined {
  if (text === undefined) return undefined;
  try {
    const names = JSON.parse(text)?.info?.features?.[label]?.names as unknown;
    return Array.isArray(names) ? names.map(String) : undefined;
  } catch (cause) {
    throw new DataError(`${path}: expected JSON in its note "huggingface"`, { path, cause });
  }
}
