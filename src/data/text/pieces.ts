/** @file Text files of any size in pieces that are tokenized apart: documents, or stretches of a plain text. */

import { createReadStream } from "node:fs";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { DataError } from "../../base/errors.ts";

/** Characters of a stretch, about. */
const STRETCH = 1 << 16;

/** Of the files that are tokenized. */
export const ENDING = /\.(txt|jsonl|parquet)(\.gz)?$/i;

export interface Piece {
  text: string;
  /** Whether a document ends with it. */
  last: boolean;
}

/**
 * The pieces of a file, by its ending: .txt, .jsonl (a document a line, in `field`), .parquet (a document a row); the first
 * two also with .gz.
 * @param whole not to cut a text, for tokenizers whose tokens reach across words
 * @throws {DataError} another ending, not UTF-8, a line or row without the field
 */
export function pieces(path: string, field: string, whole: boolean): AsyncGenerator<Piece> {
  const kind = ENDING.exec(path)?.[1]?.toLowerCase();
  if (kind === "txt") return stretches(path, whole);
  if (kind === "jsonl") return lines(path, field);
  if (kind === "parquet") return rows(path, field);
  throw new DataError(`${path}: expected a file that ends in .txt, .jsonl (or those with .gz) or .parquet`, {
    path,
  });
}

async function* characters(path: string): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const file = createReadStream(path, { highWaterMark: 1 << 20 });
  // a fault of the file reaches whoever reads what is unpacked
  const bytes = path.toLowerCase().endsWith(".gz") ? pipeline(file, createGunzip(), () => {}) : file;
  let at = 0;
  try {
    for await (const chunk of bytes as AsyncIterable<Uint8Array>) {
      yield decoder.decode(chunk, { stream: true });
      at += chunk.length;
    }
    yield decoder.decode();
  } catch (cause) {
    throw new DataError(
      `${path}: cannot be read as UTF-8 text, near byte ${at}: ${(cause as Error).message}`,
      { path, cause },
    );
  }
}

/**
 * Cut only between a line's end and a letter, or before the one space between two words: no word of GPT-2's reaches across, so
 * that the tokens are the whole's.
 */
async function* stretches(path: string, whole: boolean): AsyncGenerator<Piece> {
  const between = /\P{White_Space}(?:\n(?=\P{White_Space})|(?= \P{White_Space}))/gu;
  let held = "";
  let searched = 0; // there is no place to cut before it
  for await (const more of characters(path)) {
    held = joined(held, more, path);
    while (!whole && held.length > STRETCH) {
      between.lastIndex = Math.max(STRETCH, searched) - 2;
      if (between.exec(held) === null) {
        searched = held.length;
        break;
      }
      yield { text: held.slice(0, between.lastIndex), last: false };
      held = held.slice(between.lastIndex);
      searched = 0;
    }
  }
  yield { text: held, last: true };
}

/** The most characters of a string in V8, less a chunk of a file. */
const LONGEST = 2 ** 29 - 2 ** 22;

function joined(held: string, more: string, path: string): string {
  if (held.length + more.length <= LONGEST) return held + more;
  throw new DataError(
    `${path}: expected a text or line of at most ${LONGEST} characters, or one to be cut between words; it has more; make several of it`,
    { path },
  );
}

async function* lines(path: string, field: string): AsyncGenerator<Piece> {
  let number = 0;
  for await (const line of linesOf(path)) {
    number++;
    if (line.trim() === "") continue;
    yield { text: fieldOf(parsed(line, path, number), field, `${path}: line ${number}`), last: true };
  }
}

async function* linesOf(path: string): AsyncGenerator<string> {
  let held = "";
  for await (const part of characters(path)) {
    const [first = "", ...others] = part.split("\n");
    held = joined(held, first, path);
    for (const next of others) {
      yield held;
      held = next;
    }
  }
  yield held;
}

function parsed(line: string, path: string, number: number): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw new DataError(`${path}: line ${number}: not JSON: ${(cause as Error).message}`, { path, cause });
  }
}

async function* rows(path: string, field: string): AsyncGenerator<Piece> {
  const { openRows } = await import("../formats/parquet/rows.ts"); // texts of other kinds do without its libraries
  using table = openRows(path);
  for (const [group, [from]] of table.groups.entries())
    for (const [i, value] of table.column(field, group, "text").entries())
      yield { text: fieldOf({ [field]: value }, field, `${path}: row ${from + i}`), last: true };
}

function fieldOf(row: unknown, field: string, where: string): string {
  const value = (row as Record<string, unknown> | null)?.[field];
  if (typeof value === "string") return value;
  throw new DataError(`${where}: expected text in "${field}"; name another field with --field`);
}
