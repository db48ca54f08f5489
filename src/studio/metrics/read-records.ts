/** @file The records of metrics.jsonl or probes.jsonl from a byte on, a chunk at a time: no string grows with the file. */

import { type FileHandle, open } from "node:fs/promises";

export type Line = Readonly<Record<string, unknown>>;

export interface Chunk {
  records: Line[];
  /** Lines that are no record. */
  damaged: number;
  /** The byte behind the last whole line. */
  offset: number;
}

/** Bytes that are read and parsed at once: about 10 ms, after which others get their turn. */
const CHUNK = 2 ** 20;

/** A line that is longer is damaged: records have some hundred bytes, probes with attention 100 KiB. */
const LONGEST = 2 ** 24;

const NEWLINE = 10;
const COMMA = 44;

/** Records from `from` to the end of the file as it is now. */
export async function* readRecords(path: string, from = 0): AsyncGenerator<Chunk> {
  for await (const { lines, offset } of readLines(path, from)) yield { ...parsed(lines), offset };
}

/** Whole lines from `from` on, as bytes that hold until the next are asked for; half a line waits for its other half. */
export async function* readLines(path: string, from = 0): AsyncGenerator<{ lines: Buffer; offset: number }> {
  const file = await open(path, "r");
  try {
    yield* chunksOf(file, from);
  } finally {
    await file.close();
  }
}

async function* chunksOf(file: FileHandle, from: number): AsyncGenerator<{ lines: Buffer; offset: number }> {
  let bytes = Buffer.allocUnsafe(CHUNK);
  let [kept, at] = [0, from]; // bytes of a line that has begun; where the next are read
  for (;;) {
    const { bytesRead } = await file.read(bytes, kept, bytes.length - kept, at);
    if (bytesRead === 0) return;
    at += bytesRead;
    const filled = kept + bytesRead;
    const end = bytes.lastIndexOf(NEWLINE, filled - 1) + 1;
    if (end > 0) {
      yield { lines: bytes.subarray(0, end), offset: at - (filled - end) };
      bytes.copyWithin(0, end, filled);
      kept = filled - end;
      continue;
    }
    kept = filled;
    if (kept < bytes.length) continue;
    if (kept >= LONGEST) throw new Error(`a line of more than ${LONGEST / 2 ** 20} MiB`);
    bytes = Buffer.concat([bytes], bytes.length * 2);
  }
}

/** Lines as records. All at once as one array, ten times as fast; line by line where one of them is damaged. */
function parsed(lines: Buffer): { records: Line[]; damaged: number } {
  const array = Buffer.from(lines);
  for (let i = array.indexOf(NEWLINE); i >= 0; i = array.indexOf(NEWLINE, i + 1)) array[i] = COMMA;
  try {
    const text = `[${array.toString("utf8", 0, array.length - 1)}]`;
    const records = JSON.parse(text) as unknown[];
    if (records.every(isRecord)) return { records, damaged: 0 };
  } catch {}
  const each = lines.toString("utf8").split("\n").slice(0, -1).map(recordOf);
  const records = each.filter((record) => record !== undefined);
  return { records, damaged: each.length - records.length };
}

export function recordOf(line: string): Line | undefined {
  try {
    const record: unknown = JSON.parse(line);
    return isRecord(record) ? record : undefined;
  } catch {
    return undefined;
  }
}

const isRecord = (value: unknown): value is Line =>
  typeof value === "object" && value !== null && typeof (value as { step?: unknown }).step === "number";
