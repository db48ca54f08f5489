/** @file Tensors in files: written as safetensors one after the other, read from those and PyTorch's without a second copy. */

import { constants } from "node:buffer";
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { CheckpointError, DataError, OutOfMemoryError, UsageError } from "../base/errors.ts";
import { writeOutput } from "../base/write-output.ts";
import { native } from "./native.ts";
import { wrap } from "./run.ts";
import { layoutSafetensors, parseSafetensors } from "./safetensors.ts";
import { scope } from "./scope.ts";
import { isIndex, parseSharded } from "./sharded.ts";
import { numelOf, quote, type StoredTensors, under } from "./stored.ts";
import type { Tensor } from "./tensor.ts";
import { isTorch, parseTorch } from "./torch-file.ts";
import { widen } from "./widen.ts";

/** What is written can be read: a file is read into one array. */
const TOO_LARGE = `one file holds at most ${constants.MAX_LENGTH} with this version of Node`;

/** What a file holds: tensors by name in the order of the file, and free text. */
export interface TensorFile {
  tensors: Map<string, Tensor>;
  metadata: Map<string, string>;
  /** What was read and what else is there, in one line; nothing where the file is read wholly and as it is. */
  note?: string;
}

export interface LoadTensorsOptions {
  device?: string;
  /** Part of the file: keys and beginnings of names joined by dots, such as "state_dict" or "teacher.backbone". */
  key?: string;
}

/**
 * Replaces the file at `path` by these tensors, safely: a reader sees the old file or the whole new one, also after a
 * crash. Contiguous tensors on the CPU are written from their own memory, others are copied one at a time.
 *
 * @throws {CheckpointError} a dtype that safetensors has not (complex128), a name that is reserved or not Unicode,
 *   more bytes than Node can read back in one array (4 GiB with Node 20)
 * @throws {DiskError} the file cannot be written; the old one is as it was
 */
export function saveTensors(
  path: string,
  tensors: ReadonlyMap<string, Tensor>,
  metadata: ReadonlyMap<string, string> = new Map(),
): void {
  writeOutput(path, chunksOf(tensors, metadata));
}

/**
 * The tensors of a safetensors file, of the files that an index names (.safetensors.index.json), or of a PyTorch file (.pth,
 * .pt, .th, .ckpt, .bin), of which nothing is executed. On the CPU they share the memory that the file was read into, which is freed with the last of them. Types that libtorch
 * does not compute with become wider ones: float8 bfloat16, uint16 int32, uint32 and uint64 int64, complex32 complex64.
 *
 * @throws {CheckpointError} the file cannot be read, or breaks a rule of the format; it has no such key; a PyTorch file
 *   whose weights are not clear or not dense
 * @throws {OutOfMemoryError} it does not fit into memory
 */
export function loadTensors(path: string, { device, key }: LoadTensorsOptions = {}): TensorFile {
  const stored = storedIn(readWhole(path), path, key === undefined ? {} : { key });
  return tensorsOf(stored, path, device);
}

/** What is in a file that is in memory, safetensors or PyTorch's. @throws {CheckpointError} neither, or damaged */
export function storedIn(
  bytes: Uint8Array,
  path: string,
  { key, unclear }: { key?: string; unclear?: "refuse" | "all" } = {},
): StoredTensors {
  if (isIndex(path)) return underKey(parseSharded(bytes, path, readWhole), path, key);
  const torch = isTorch(bytes) || /\.(pth|pt|th|ckpt)(\.tar)?$/.test(path);
  return torch
    ? parseTorch(bytes, path, { ...(key !== undefined && { key }), ...(unclear && { unclear }) })
    : underKey(parseSafetensors(bytes, path), path, key);
}

/** The tensors whose names begin with a key and a dot, by the rest of their names. */
function underKey(stored: StoredTensors, path: string, key: string | undefined): StoredTensors {
  if (key === undefined) return stored;
  const entries = under(stored.entries, key);
  if (entries.size === 0)
    throw new CheckpointError(`${path}: no tensor's name begins with ${quote(`${key}.`)}`, { path });
  const note = `${path}: read ${quote(key)}, ${entries.size} of ${stored.entries.size} tensors`;
  return { ...stored, entries, note };
}

function* chunksOf(
  tensors: ReadonlyMap<string, Tensor>,
  metadata: ReadonlyMap<string, string>,
): Generator<Uint8Array> {
  for (const { bytes } of tensorChunks(tensors, metadata)) yield bytes;
}

/** The parts of a safetensors file in order: its head, which has no name, then each tensor's bytes when asked for. */
export function* tensorChunks(
  tensors: ReadonlyMap<string, Tensor>,
  metadata: ReadonlyMap<string, string> = new Map(),
): Generator<{ name?: string; bytes: Uint8Array }> {
  const { head, lengths } = layoutSafetensors(tensors, metadata);
  const total = [...lengths.values()].reduce((sum, length) => sum + length, head.length);
  if (total > constants.MAX_LENGTH)
    throw new CheckpointError(`tensors of ${total} bytes cannot be written: ${TOO_LARGE}`);
  yield { bytes: head };
  for (const name of lengths.keys()) yield { name, bytes: bytesOf(tensors.get(name)!) };
}

/** Elements in row-major order: the tensor's own memory where it has that form and no other owner, else a copy. */
function bytesOf(tensor: Tensor): Uint8Array {
  try {
    return asBytes(tensor.view());
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return asBytes(tensor.data());
  }
}

const asBytes = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** The tensors of a safetensors file that is in memory, which they share where they can. `path` is for messages. */
export function tensorsIn(bytes: Uint8Array, path: string, options: { device?: string } = {}): TensorFile {
  return tensorsOf(parseSafetensors(bytes, path), path, options.device);
}

/** The largest number of elements that libtorch counts with, sizes of 0 left out. */
const MOST_ELEMENTS = 2 ** 53;

/** Stored tensors as libtorch's. @throws {CheckpointError} a type that libtorch has not; {DataError} sizes too large for it */
export function tensorsOf(
  { entries, metadata, note }: StoredTensors,
  path: string,
  device = "cpu",
): TensorFile {
  const tensors = scope(() => {
    const made = new Map<string, Tensor>();
    for (const [name, stored] of entries) {
      const wrong = (what: string): never => {
        throw new CheckpointError(`${path}: tensor ${quote(name)}: ${what}`, { path });
      };
      const { dtype, shape, bytes } = widen(stored, wrong);
      if (numelOf(shape.filter((size) => size > 0)) > MOST_ELEMENTS)
        throw new DataError(
          `${path}: tensor ${quote(name)}: sizes [${shape.join(", ")}] are too large: libtorch counts to 2^53, sizes of 0 left out`,
          { path },
        );
      const { buffer, byteOffset, length } = bytes;
      const width = length / numelOf(shape);
      const aligned = length > 0 && byteOffset % width === 0;
      const tensor = wrap(
        native().fromBuffer(buffer as ArrayBuffer, byteOffset, length, shape, dtype, aligned),
      );
      if (device === "cpu") made.set(name, tensor);
      else {
        made.set(name, tensor.to(device));
        tensor.dispose(); // not all of the file a second time
      }
    }
    return made;
  }, "read tensors");
  return { tensors, metadata, ...(note !== undefined && { note }) };
}

/** Most bytes in one call: the system gives no more than 2 GiB. */
const MOST = 2 ** 30;

/** All bytes of a file, in memory of their own. @throws {CheckpointError} it cannot be read; {OutOfMemoryError} */
export function readWhole(path: string): Uint8Array {
  try {
    const fd = openSync(path, "r");
    try {
      const bytes = allocate(fstatSync(fd).size, path);
      let done = 0;
      while (done < bytes.length) {
        const got = readSync(fd, bytes, done, Math.min(bytes.length - done, MOST), null);
        if (got === 0) break; // cut while we read
        done += got;
      }
      return bytes.subarray(0, done);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (typeof code !== "string" || !/^E[A-Z0-9]+$/.test(code)) throw error;
    const what = code === "ENOENT" ? "is missing" : `cannot be read (${code})`;
    throw new CheckpointError(`${path} ${what}`, { path, cause: error });
  }
}

function allocate(size: number, path: string): Uint8Array {
  if (size > constants.MAX_LENGTH)
    throw new CheckpointError(`${path} of ${size} bytes cannot be read: ${TOO_LARGE}`, { path });
  try {
    return new Uint8Array(new ArrayBuffer(size));
  } catch (cause) {
    throw new OutOfMemoryError(`no memory for the ${size} bytes of ${path}`, { path, cause });
  }
}
