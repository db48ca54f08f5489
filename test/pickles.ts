/** @file Pickles and PyTorch's archives written by hand, for files that no program of today writes. */

import { zipChunks } from "../src/base/write-zip.ts";

/** Bytes as a string of one character each, which is how the pieces are put together. */
export type Piece = string;

const u32 = (n: number): Piece => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(n);
  return bytes.toString("latin1");
};
export const text = (value: string): Piece =>
  `X${u32(Buffer.byteLength(value))}${Buffer.from(value).toString("latin1")}`;
export const whole = (n: number): Piece => `J${u32(n >>> 0)}`;
export const tuple = (...items: readonly Piece[]): Piece => `(${items.join("")}t`;
export const dict = (entries: Readonly<Record<string, Piece>>): Piece =>
  `}(${Object.entries(entries)
    .map(([key, value]) => text(key) + value)
    .join("")}u`;
/** The name `module.name`. */
export const named = (module: string, name: string): Piece => `c${module}\n${name}\n`;
export const call = (callee: Piece, ...args: readonly Piece[]): Piece => `${callee}${tuple(...args)}R`;

/** A float32 tensor of a storage with `count` elements. */
export const tensorOf = (
  key: string,
  count: number,
  shape: readonly number[],
  strides: readonly number[],
): Piece => {
  const storage = `${tuple(text("storage"), named("torch", "FloatStorage"), text(key), text("cpu"), whole(count))}Q`;
  const sizes = [shape, strides].map((list) => tuple(...list.map(whole)));
  return call(named("torch._utils", "_rebuild_tensor_v2"), storage, whole(0), ...sizes, "\x89", "}");
};

const bytesOf = (pickle: Piece): Uint8Array => new Uint8Array(Buffer.from(`\x80\x02${pickle}.`, "latin1"));

/** An archive of PyTorch's around a pickle, with float32 storages by key. */
export function archive(
  pickle: Piece,
  storages: Readonly<Record<string, readonly number[]>> = {},
  more: Readonly<Record<string, string>> = {},
): Uint8Array {
  const members = new Map([["a/data.pkl", [bytesOf(pickle)]]]);
  for (const [key, values] of Object.entries(storages))
    members.set(`a/data/${key}`, [new Uint8Array(Float32Array.from(values).buffer)]);
  for (const [name, content] of Object.entries(more))
    members.set(`a/${name}`, [new Uint8Array(Buffer.from(content))]);
  return new Uint8Array(Buffer.concat(zipChunks(members)));
}
