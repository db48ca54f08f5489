/** @file TensorBoard event files: scalars, pictures and histograms in TFRecord framing. */

import { closeSync, fsyncSync, openSync, readdirSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { Message } from "../base/protobuf.ts";
import { appendWhole, writing } from "../base/write-file.ts";

/** A PNG and its size in px. */
export interface EventImage {
  png: Uint8Array;
  width: number;
  height: number;
}

/** Where event files go and what is written into them. */
export interface EventWriterOptions {
  /** Steps that a resumed run keeps: TensorBoard then hides what earlier files say of later ones. */
  resumeStep?: number;
  /** Name of the machine, part of the file name. */
  host?: string;
  /** Seconds since 1970. */
  clock?: () => number;
}

/**
 * Writes one event file, `events.out.tfevents.<time>.<host>.<process>`. The fields are those of TensorFlow's event.proto
 * and summary.proto. Every method throws `DiskError` when the file cannot be written.
 */
export class EventWriter {
  readonly path: string;
  readonly #fd: number;
  readonly #clock: () => number;

  constructor(folder: string, options: EventWriterOptions = {}) {
    const { host = hostname(), clock = () => Date.now() / 1000, resumeStep } = options;
    this.#clock = clock;
    // TensorBoard reads files in the order of their names, and never one that comes before the one it is at
    const time = Math.max(Math.floor(clock()), newestTime(folder) + 1);
    const name = `events.out.tfevents.${String(time).padStart(10, "0")}.${host.replace(/[^\w.-]/g, "_")}.${process.pid}`;
    this.path = join(folder, name);
    this.#fd = writing(this.path, () => openSync(this.path, "ax"));
    this.#event(undefined, (event) => event.text(3, "brain.Event:2"));
    if (resumeStep !== undefined) {
      const start = 1;
      // all that was said of this step and later ones is hidden
      this.#event(resumeStep + 1, (event) => event.message(7, new Message().varint(1, start)));
    }
  }

  /** One number; kept as a 32-bit float, as TensorBoard has it. */
  scalar(tag: string, value: number, step: number): void {
    this.#value(step, new Message().text(1, tag).float(2, value));
  }

  /** One grey or RGB picture. */
  image(tag: string, { png, width, height }: EventImage, step: number): void {
    const rgb = 3;
    const image = new Message().varint(1, height).varint(2, width).varint(3, rgb).bytes(4, png);
    this.#value(step, new Message().text(1, tag).message(4, image));
  }

  /** The distribution of `values` over `bins` equal bins between the least and the greatest; others are left out. */
  histogram(tag: string, values: ArrayLike<number>, step: number, bins = 30): void {
    const { min, max, count, sum, squares, limits, counts } = summarise(values, bins);
    const histo = new Message()
      .double(1, min)
      .double(2, max)
      .double(3, count)
      .double(4, sum)
      .double(5, squares);
    this.#value(step, new Message().text(1, tag).message(5, histo.doubles(6, limits).doubles(7, counts)));
  }

  /** Puts what was written onto the disk. */
  sync(): void {
    writing(this.path, () => fsyncSync(this.#fd));
  }

  close(): void {
    writing(this.path, () => closeSync(this.#fd));
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #value(step: number, value: Message): void {
    this.#event(step, (event) => event.message(5, new Message().message(1, value)));
  }

  #event(step: number | undefined, fill: (event: Message) => Message): void {
    const event = new Message().double(1, this.#clock());
    if (step !== undefined) event.varint(2, step);
    writing(this.path, () => appendWhole(this.#fd, frame(fill(event).finish())));
  }
}

/** The time in the name of a folder's last event file; 0 where there is none. */
function newestTime(folder: string): number {
  const times = writing(folder, () => readdirSync(folder)).map((name) =>
    Number(/^events\.out\.tfevents\.(\d+)\./.exec(name)?.[1] ?? 0),
  );
  return times.reduce((newest, time) => Math.max(newest, time), 0);
}

/** A TFRecord: length, its checksum, the data, their checksum. */
function frame(data: Uint8Array): Uint8Array {
  const record = new Uint8Array(data.length + 16);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, maskedCrc(record.subarray(0, 8)), true);
  record.set(data, 12);
  view.setUint32(12 + data.length, maskedCrc(data), true);
  return record;
}

/** Masked, since the checksum of data that hold checksums is weak. */
function maskedCrc(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

/** CRC-32C (Castagnoli) of `bytes`, unsigned. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = TABLE[(crc ^ byte) & 255]! ^ (crc >>> 8);
  return ~crc >>> 0;
}

function summarise(values: ArrayLike<number>, bins: number) {
  let [count, sum, squares] = [0, 0, 0];
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!Number.isFinite(value)) continue;
    count++;
    sum += value;
    squares += value * value;
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  if (count === 0) return { min: 0, max: 0, count, sum, squares, limits: [0], counts: [0] };
  const width = (max - min) / bins;
  // equal values have one bin, and the last limit is the greatest value to the bit
  if (!(width > 0)) return { min, max, count, sum, squares, limits: [max], counts: [count] };
  const limits = Array.from({ length: bins }, (_, i) => (i === bins - 1 ? max : min + (i + 1) * width));
  const counts = new Array<number>(bins).fill(0);
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (Number.isFinite(value)) counts[Math.min(bins - 1, Math.floor((value - min) / width))]!++;
  }
  return { min, max, count, sum, squares, limits, counts };
}
