/** @file Tensors in files: written as safetensors one after the other, read from those and PyTorch's without a second copy. */

import { constants } from "node:buffer";
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { CheckpointError, OutOfMemoryError } from "./errors.ts";
import { native } from "./native.ts";
import { operator } from "./operator.ts";
import { run1, wrap } from "./run.ts";
import { layoutSafetensors, parseSafetensors, type StoredTensors } from "./safetensors.ts";
import { scope } from "./scope.ts";
import type { Tensor } from "./tensor.ts";
import { isTorch, parseTorch } from "./torch-file.ts";
import { writeFileAtomic } from "./write-file.ts";

const RESOLVE_NEGATIVE = operator("resolve_neg");

/** What is written can be read: a file is read into one array. */
const TOO_LARGE = `one file holds at most ${constants.MAX_LENGTH} with this version of Node`;

/** What a file holds: tensors by name in the order of the file, and free text. */
export interface TensorFile {
  tensors: Map<string, Tensor>;
  metadata: Map<string, string>;
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
  writeFileAtomic(path, chunksOf(tensors, metadata));
}

/**
 * The tensors of a safetensors file, or of a PyTorch file (.pth, .pt, .th), of which nothing is executed. On the CPU they
 * share the memory that the file was read into, which is freed with the last of them.
 *
 * @throws {CheckpointError} the file cannot be read, or breaks a rule of the format; a PyTorch file that holds more than
 *   data
 * @throws {OutOfMemoryError} it does not fit into memory
 */
export function loadTensors(path: string, options: { device?: string } = {}): TensorFile {
  return tensorsOf(storedIn(readWhole(path), path), options);
}

/** What is in a file that is in memory, safetensors or PyTorch's. @throws {CheckpointError} neither, or damaged */
export function storedIn(bytes: Uint8Array, path: string): StoredTensors {
  const torch = isTorch(bytes) || /\.(pth|pt|th)$/.test(path);
  return torch ? parseTorch(bytes, path) : parseSafetensors(bytes, path);
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

/** Elements in row-major order: the tensor's own memory where it has that form already, else a copy. */
function bytesOf(tensor: Tensor): Uint8Array {
  // an empty tensor has no memory to view; a conjugate is a flag that only a copy resolves
  if (tensor.numel === 0 || tensor.dtype === "complex64") return asBytes(tensor.data());
  return scope(() => asBytes(run1(RESOLVE_NEGATIVE, tensor.detach().to("cpu").contiguous().h).view()));
}

const asBytes = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** The tensors of a safetensors file that is in memory, which they share where they can. `path` is for messages. */
export function tensorsIn(bytes: Uint8Array, path: string, options: { device?: string } = {}): TensorFile {
  return tensorsOf(parseSafetensors(bytes, path), options);
}

function tensorsOf({ entries, metadata }: StoredTensors, options: { device?: string }): TensorFile {
  const { device = "cpu" } = options;
  const tensors = scope(() => {
    const made = new Map<string, Tensor>();
    for (const [name, { dtype, shape, bytes }] of entries) {
      const { buffer, byteOffset, length } = bytes;
      const width = length / shape.reduce((product, size) => product * size, 1);
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
  return { tensors, metadata };
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
