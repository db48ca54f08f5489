/** @file Event files are read back by a reader that shares no code with the writer. */

import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import fc from "fast-check";
import sharp from "sharp";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DiskError } from "../tensor/errors.ts";
import { crc32c, EventWriter } from "./tfevents.ts";

fc.configureGlobal({ seed: 1 });

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "events-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** CRC-32C bit by bit, from its definition. */
function slowCrc(bytes: Uint8Array): bigint {
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

interface Decoded {
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

/** The events that `write` leaves in a new file. */
function events(write: (writer: EventWriter) => void, options = {}): Decoded[] {
  let path: string;
  {
    using writer = new EventWriter(folder, { clock: () => 1_700_000_000.5, host: "box", ...options });
    path = writer.path;
    write(writer);
    writer.sync();
  }
  return records(readFileSync(path)).map((data) => decode(data, EVENT) as unknown as Decoded);
}

it("crc32c has the published check values", () => {
  const text = (value: string) => new TextEncoder().encode(value);
  expect(crc32c(text("123456789"))).toBe(0xe3069283);
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa); // RFC 3720, B.4
  expect(crc32c(text(""))).toBe(0);
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(BigInt(crc32c(bytes))).toBe(slowCrc(bytes));
    }),
  );
});

describe("an event file", () => {
  it("begins with its version, at the time of the clock", () => {
    expect(events(() => {})).toEqual([{ wall_time: 1_700_000_000.5, file_version: "brain.Event:2" }]);
    expect(readdirSync(folder)).toEqual([`events.out.tfevents.1700000000.box.${process.pid}`]);
  });

  it("is a new one for each writer, whatever the machine is called", () => {
    const names = [0, 1].map(() => {
      using writer = new EventWriter(folder, { clock: () => 5, host: "../a b" });
      return basename(writer.path);
    });
    expect(names).toEqual([
      `events.out.tfevents.0000000005..._a_b.${process.pid}`,
      `events.out.tfevents.0000000005..._a_b.${process.pid}.1`,
    ]);
  });

  it("tells TensorBoard where a resumed run begins", () => {
    const start = { wall_time: 1_700_000_000.5, step: 500 };
    expect(events(() => {}, { resumeStep: 500 })).toEqual([
      { ...start, file_version: "brain.Event:2" },
      { ...start, session_log: { status: 1 } },
    ]);
  });

  it("holds scalars, also those that are not finite", () => {
    const numbers: [string, number, number][] = [
      ["train/loss", 1.5, 0],
      ["größe", Number.NaN, 7],
      ["lr", Number.NEGATIVE_INFINITY, 2 ** 40],
    ];
    const [, ...scalars] = events((writer) => {
      for (const [tag, value, step] of numbers) writer.scalar(tag, value, step);
    });
    expect(
      scalars.map((event) => [event.summary!.value.tag, event.summary!.value.simple_value, event.step]),
    ).toEqual(numbers);
    expect(() => events((writer) => writer.scalar("a", 1, -1))).toThrow(RangeError);
  });

  it("holds pictures", async () => {
    const png = await sharp({ create: { width: 5, height: 3, channels: 3, background: "#102030" } })
      .png()
      .toBuffer();
    const [, event] = events((writer) => writer.image("samples", { png, width: 5, height: 3 }, 1));
    const image = event!.summary!.value.image!;
    expect(image).toEqual({ height: 3, width: 5, colorspace: 3, encoded_image_string: png });
    expect(await sharp(image.encoded_image_string as Buffer).metadata()).toMatchObject({
      width: 5,
      height: 3,
    });
  });

  it("holds histograms whose bins hold every finite value", () => {
    const value = fc.oneof(fc.double({ min: -1e3, max: 1e3, noNaN: true }), fc.constant(Number.NaN));
    fc.assert(
      fc.property(fc.array(value), (values) => {
        const [, event] = events((writer) => writer.histogram("block.0", values, 3));
        const { min, max, num, sum, bucket_limit, bucket } = event!.summary!.value.histo!;
        const finite = values.filter(Number.isFinite);
        expect(num).toBe(finite.length);
        expect(bucket.reduce((a, b) => a + b, 0)).toBe(finite.length);
        expect(bucket).toHaveLength(bucket_limit.length);
        expect(bucket_limit.at(-1)).toBe(max);
        expect(bucket_limit).toEqual([...bucket_limit].sort((a, b) => a - b));
        if (finite.length === 0) return;
        expect([min, max]).toEqual([Math.min(...finite), Math.max(...finite)]);
        expect(sum).toBe(finite.reduce((a, b) => a + b, 0));
      }),
      { numRuns: 50, seed: 1 },
    );
    const [, event] = events((writer) => writer.histogram("x", [0, 1, 2, 3], 0, 2));
    expect(event!.summary!.value.histo).toMatchObject({
      sum_squares: 14,
      bucket_limit: [1.5, 3],
      bucket: [2, 2],
    });
  });

  it("names the folder that is missing", () => {
    expect(() => new EventWriter(join(folder, "no"))).toThrow(DiskError);
  });
});
