/** @file Event files are read back by a reader that shares no code with the writer. */

import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import fc from "fast-check";
import sharp from "sharp";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Event, readEvents, slowCrc } from "../../test/event-files.ts";
import { DiskError } from "../base/errors.ts";
import { crc32c, EventWriter } from "./tfevents.ts";

fc.configureGlobal({ seed: 1 });

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "events-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The events that `write` leaves in a new file. */
function events(write: (writer: EventWriter) => void, options = {}): Event[] {
  let path: string;
  {
    using writer = new EventWriter(folder, { clock: () => 1_700_000_000.5, host: "box", ...options });
    path = writer.path;
    write(writer);
    writer.sync();
  }
  return readEvents(path);
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

  it("is a new one for each writer, named after those before it, whatever machine and clock say", () => {
    const names = [5, 5, 3].map((time) => {
      using writer = new EventWriter(folder, { clock: () => time, host: "../a b" });
      return basename(writer.path);
    });
    expect(names).toEqual(
      [5, 6, 7].map((time) => `events.out.tfevents.000000000${time}..._a_b.${process.pid}`),
    );
  });

  it("tells TensorBoard where a resumed run begins", () => {
    const wall_time = 1_700_000_000.5;
    expect(events(() => {}, { resumeStep: 500 })).toEqual([
      { wall_time, file_version: "brain.Event:2" },
      { wall_time, step: 501, session_log: { status: 1 } },
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
