/** @file TensorBoard's event files, read by code that shares nothing with the writer, and what TensorBoard shows of them. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";

/** CRC-32C bit by bit, from its definition. */
export function slowCrc(bytes: Uint8Array): bigint {
  let crc = 0xffffffffn;
  for (const byte of bytes) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) crc = crc & 1n ? (crc >> 1n) ^ 0x82f63b78n : crc >> 1n;
  }
  return crc ^ 0xffffffffn;
}

function checkMasked(bytes: Uint8Array, stored: number): void {
  const rotated = (BigInt(stored) - 0xa282ead8n) & 0xffffffffn;
  expect(((rotated << 15n) | (rotated >> 17n)) & 0xffffffffn).toBe(slowCrc(bytes));
}

/** The data of each TFRecord; lengths and checksums have to be right. */
function records(file: Buffer): Buffer[] {
  const out: Buffer[] = [];
  for (let at = 0; at < file.length; ) {
    const length = Number(file.readBigUInt64LE(at));
    checkMasked(file.subarray(at, at + 8), file.readUInt32LE(at + 8));
    const data = file.subarray(at + 12, at + 12 + length);
    expect(data.length).toBe(length);
    checkMasked(data, file.readUInt32LE(at + 12 + length));
    out.push(data);
    at += length + 16;
  }
  return out;
}

type Field = "double" | "float" | "int" | "string" | "bytes" | "doubles" | Schema;
interface Schema {
  [field: number]: [name: string, type: Field];
}

/** As in tensorflow/core/util/event.proto, core/framework/summary.proto and tsl/protobuf/histogram.proto. */
const HISTOGRAM: Schema = {
  1: ["min", "double"],
  2: ["max", "double"],
  3: ["num", "double"],
  4: ["sum", "double"],
  5: ["sum_squares", "double"],
  6: ["bucket_limit", "doubles"],
  7: ["bucket", "doubles"],
};
const IMAGE: Schema = {
  1: ["height", "int"],
  2: ["width", "int"],
  3: ["colorspace", "int"],
  4: ["encoded_image_string", "bytes"],
};
const VALUE: Schema = {
  1: ["tag", "string"],
  2: ["simple_value", "float"],
  4: ["image", IMAGE],
  5: ["histo", HISTOGRAM],
};
const EVENT: Schema = {
  1: ["wall_time", "double"],
  2: ["step", "int"],
  3: ["file_version", "string"],
  5: ["summary", { 1: ["value", VALUE] }],
  7: ["session_log", { 1: ["status", "int"] }],
};

/** A decoder of protocol buffers that knows the schema; an unknown field or a wrong wire type fails. */
function decode(bytes: Buffer, schema: Schema): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++]!;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return Number(value);
    }
  };
  while (at < bytes.length) {
    const key = varint();
    const [name, type] = schema[key >>> 3] ?? expect.fail(`unknown field ${key >>> 3}`);
    const wire =
      typeof type === "object" ? 2 : { int: 0, double: 1, string: 2, bytes: 2, doubles: 2, float: 5 }[type];
    expect(key & 7, name).toBe(wire);
    if (type === "int") out[name] = varint();
    else if (type === "double") [out[name], at] = [bytes.readDoubleLE(at), at + 8];
    else if (type === "float") [out[name], at] = [bytes.readFloatLE(at), at + 4];
    else {
      const length = varint();
      const data = bytes.subarray(at, at + length);
      expect(data.length).toBe(length);
      at += length;
      if (type === "string") out[name] = data.toString("utf8");
      else if (type === "bytes") out[name] = data;
      else if (type === "doubles")
        out[name] = Array.from({ length: length / 8 }, (_, i) => data.readDoubleLE(i * 8));
      else out[name] = decode(data, type);
    }
  }
  return out;
}

/** What is read of an event. */
export interface Event {
  wall_time: number;
  step?: number;
  file_version?: string;
  session_log?: { status: number };
  summary?: { value: { tag: string; simple_value?: number; image?: Record<string, unknown>; histo?: Histo } };
}
interface Histo {
  min: number;
  max: number;
  num: number;
  sum: number;
  sum_squares: number;
  bucket_limit: number[];
  bucket: number[];
}

/** The events of a file; checksums and field types have to be right. */
export const readEvents = (path: string): Event[] =>
  records(readFileSync(path)).map((data) => decode(data, EVENT) as unknown as Event);

/**
 * The steps that TensorBoard shows of each scalar of a run: it reads the files in the order of their names, and a session
 * that starts at a step hides all that was said before of this step and later ones.
 */
export function shownSteps(folder: string): Map<string, number[]> {
  const files = readdirSync(folder).filter((name) => name.startsWith("events.out.tfevents."));
  const shown = new Map<string, number[]>();
  for (const { step = 0, session_log, summary } of files
    .sort()
    .flatMap((name) => readEvents(join(folder, name)))) {
    if (session_log?.status === 1)
      for (const [tag, steps] of shown)
        shown.set(
          tag,
          steps.filter((earlier) => earlier < step),
        );
    if (summary !== undefined) shown.set(summary.value.tag, [...(shown.get(summary.value.tag) ?? []), step]);
  }
  return shown;
}
