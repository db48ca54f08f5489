/** @file safetensors: parse and serialise weights as bytes, strictly, without libtorch. */

import { CheckpointError } from "../base/errors.ts";
import { Allowance } from "../base/limits.ts";
import {
  bitsOf,
  CODES,
  codeOf,
  dtypeOfCode,
  isStoredDType,
  numelOf,
  quote,
  STORED_DTYPES,
  type StoredDType,
  type StoredTensor,
  type StoredTensors,
} from "./stored.ts";

/** Largest header that is read, in bytes: the limit of the format's own library. */
const MAX_HEADER = 100_000_000;

/**
 * Reads a safetensors file that is in memory. The tensors are views of `bytes`, not copies.
 *
 * Every byte after the header belongs to exactly one tensor, names are unique, and lengths follow from dtype and
 * shape; a file for which this does not hold is refused with a `CheckpointError` naming `path` and the tensor.
 */
export function parseSafetensors(bytes: Uint8Array, path = "safetensors"): StoredTensors {
  const fail = (what: string): never => {
    throw new CheckpointError(`${path}: ${what}`, { path });
  };
  if (bytes.length < 8) fail(`file of ${bytes.length} bytes is too short for a safetensors header`);
  const length = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  if (length > MAX_HEADER)
    fail(
      `not safetensors: its first 8 bytes say that the header has ${length} bytes, above the limit of ${MAX_HEADER}`,
    );
  const start = 8 + Number(length);
  if (start > bytes.length) fail(`header of ${length} bytes ends outside the file of ${bytes.length} bytes`);
  const header = readHeader(bytes.subarray(8, start), new Allowance(bytes.length, path), fail);

  const metadata = new Map<string, string>();
  const entries = new Map<string, StoredTensor>();
  const none = bytes.subarray(0, 0);
  const spans: { name: string; begin: number; end: number }[] = [];
  for (const [name, value] of Object.entries(header)) {
    if (name === "__metadata__") {
      if (value === null) continue; // as the format's own library takes it
      if (!isRecord(value)) return fail("__metadata__ is not an object");
      for (const [key, text] of Object.entries(value)) {
        if (typeof text !== "string") return fail(`__metadata__ ${quote(key)} is not a string`);
        metadata.set(key, text);
      }
      continue;
    }
    const wrong = (what: string): never => fail(`tensor ${quote(name)}: ${what}`);
    if (/\p{Surrogate}/u.test(name)) wrong("name is not valid Unicode");
    const { dtype, shape, begin, end } = readInfo(value, wrong);
    const expected = (numelOf(shape) * bitsOf(dtype)) / 8;
    if (end - begin !== expected) {
      wrong(
        `${codeOf(dtype)} [${shape.join(", ")}] takes ${expected} bytes, the offsets give ${end - begin}`,
      );
    }
    if (end > bytes.length - start) {
      wrong(`ends at byte ${end} of ${bytes.length - start} bytes of data: the file is cut off`);
    }
    spans.push({ name, begin, end });
    entries.set(name, {
      dtype,
      shape,
      bytes: begin === end ? none : bytes.subarray(start + begin, start + end),
    });
  }

  spans.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let at = 0;
  for (const { name, begin, end } of spans) {
    if (begin < at) fail(`tensor ${quote(name)}: starts at byte ${begin}, inside the tensor before it`);
    if (begin > at) fail(`tensor ${quote(name)}: ${begin - at} bytes before it belong to no tensor`);
    at = end;
  }
  if (at !== bytes.length - start) fail(`${bytes.length - start - at} bytes at the end belong to no tensor`);
  return { metadata, entries };
}

/**
 * Writes tensors as the chunks of a safetensors file, to be written one after the other; the tensors' bytes are
 * not copied. Throws `CheckpointError` for bytes that do not fit the shape, and where `layoutSafetensors` does.
 */
export function serialiseSafetensors(
  entries: ReadonlyMap<string, StoredTensor>,
  metadata: ReadonlyMap<string, string> = new Map(),
): Uint8Array[] {
  const { head, lengths } = layoutSafetensors(entries, metadata);
  const chunks = [head];
  for (const [name, expected] of lengths) {
    const { dtype, shape, bytes } = entries.get(name)!;
    if (bytes.length !== expected)
      unwritable(name, `${dtype} [${shape.join(", ")}] takes ${expected} bytes, not ${bytes.length}`);
    chunks.push(bytes);
  }
  return chunks;
}

/**
 * The beginning of a safetensors file, and the lengths in bytes of the tensors in the order in which they follow it.
 * Widest element types come first and then names in order, as the format's own library has it, so that every tensor
 * is aligned and equal contents give equal files. Throws `CheckpointError` for a dtype that the format has not, a
 * name that is not valid Unicode or a header above 100 MB.
 */
export function layoutSafetensors(
  entries: ReadonlyMap<string, { readonly dtype: string; readonly shape: readonly number[] }>,
  metadata: ReadonlyMap<string, string> = new Map(),
): { head: Uint8Array; lengths: Map<string, number> } {
  const tensors = [...entries].map(([name, { dtype, shape }]) => {
    if (name === "__metadata__" || /\p{Surrogate}/u.test(name))
      unwritable(name, "the name is reserved or not valid Unicode");
    const code = isStoredDType(dtype) ? codeOf(dtype) : undefined;
    if (code === undefined) return unwritable(name, `dtype ${dtype} has no place in safetensors`);
    return { name, shape, code, dtype: dtype as StoredDType };
  });
  const place = new Map(STORED_DTYPES.map((dtype, i) => [dtype, i]));
  tensors.sort((a, b) => place.get(a.dtype)! - place.get(b.dtype)! || (a.name < b.name ? -1 : 1));
  const fields: string[] = [];
  if (metadata.size > 0) {
    const pairs = [...metadata].map(([key, text]) => `${JSON.stringify(key)}:${JSON.stringify(text)}`);
    fields.push(`"__metadata__":{${pairs.join(",")}}`);
  }
  const lengths = new Map<string, number>();
  let at = 0;
  for (const { name, code, shape, dtype } of tensors) {
    const length = (numelOf(shape) * bitsOf(dtype)) / 8;
    const info = JSON.stringify({ dtype: code, shape, data_offsets: [at, at + length] });
    fields.push(`${JSON.stringify(name)}:${info}`);
    lengths.set(name, length);
    at += length;
  }
  const text = new TextEncoder().encode(`{${fields.join(",")}}`);
  const padded = Math.ceil(text.length / 8) * 8;
  if (padded > MAX_HEADER)
    throw new CheckpointError(`header of ${padded} bytes is above the limit of ${MAX_HEADER}`);
  const head = new Uint8Array(8 + padded).fill(0x20);
  new DataView(head.buffer).setBigUint64(0, BigInt(padded), true);
  head.set(text, 8);
  return { head, lengths };
}

function unwritable(name: string, what: string): never {
  throw new CheckpointError(`tensor ${quote(name)} cannot be written: ${what}`);
}

function readHeader(
  bytes: Uint8Array,
  allowance: Allowance,
  fail: (what: string) => never,
): Record<string, unknown> {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return fail("header is not UTF-8: not safetensors?");
  }
  if (!/^[ \t\n\r]*\{/.test(text)) fail('header does not begin with "{": not safetensors?');
  const twice = findDuplicateKey(text, allowance, fail);
  if (twice !== undefined) fail(`${quote(twice)} is in the header twice`);
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return fail("header is not JSON");
  }
}

/** Deepest nesting of a header: the format needs three levels, fields that it does not know may have more. */
const DEEPEST = 32;
/** Bytes that `JSON.parse` makes of a name of a tensor, another name, an object or array, an item; about. */
const COST = { tensor: 150, name: 24, open: 40, item: 8 };

/**
 * The first key that an object of this JSON text has twice: `JSON.parse` would keep the last and say nothing. Also
 * refuses what is nested deeply or would fill the memory. On text that is not JSON it may find nothing.
 */
function findDuplicateKey(
  text: string,
  allowance: Allowance,
  fail: (what: string) => never,
): string | undefined {
  const open: (Set<string> | undefined)[] = [];
  const signs = /["{}[\],]/g;
  for (let found = signs.exec(text); found !== null; found = signs.exec(text)) {
    let i = found.index;
    const char = text[i];
    if (char === "{" || char === "[") {
      if (open.push(char === "{" ? new Set() : undefined) > DEEPEST) fail("header is nested too deeply");
      allowance.take(COST.open);
    } else if (char === "}" || char === "]") {
      open.pop();
    } else if (char === ",") {
      allowance.take(COST.item);
    } else if (char === '"') {
      const begin = i++;
      while (i < text.length && text[i] !== '"') i += text[i] === "\\" ? 2 : 1;
      let after = i + 1;
      while (" \t\n\r".includes(text[after] ?? "-")) after++;
      signs.lastIndex = i + 1;
      if (text[after] !== ":") continue;
      let key = text.slice(begin + 1, i);
      try {
        if (key.includes("\\")) key = JSON.parse(`"${key}"`) as string;
      } catch {
        return fail("header is not JSON");
      }
      allowance.take(open.length === 1 ? COST.tensor : COST.name);
      if (open.at(-1)?.has(key)) return key;
      open.at(-1)?.add(key);
    }
  }
  return undefined;
}

function readInfo(value: unknown, wrong: (what: string) => never) {
  if (!isRecord(value)) return wrong("is not described by an object");
  const { dtype, shape, data_offsets: offsets } = value;
  const known = dtypeOfCode(String(dtype));
  if (known === undefined)
    return wrong(`dtype ${quote(String(dtype))} is not supported (expected one of ${CODES.join(", ")})`);
  if (!isSizes(shape)) return wrong("shape is not a list of sizes");
  if (!isSizes(offsets) || offsets.length !== 2) return wrong("data_offsets are not two positions");
  const [begin, end] = offsets as [number, number];
  if (begin > end) return wrong(`data_offsets [${begin}, ${end}] run backwards`);
  return { dtype: known, shape, begin, end };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}
