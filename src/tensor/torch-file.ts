/** @file PyTorch's own files (.pth, .pt, .th, .ckpt, .bin): read as data, nothing in them is executed. */

import { CheckpointError } from "../base/errors.ts";
import { Allowance } from "../base/limits.ts";
import { isZip, openZip } from "../base/zip.ts";
import { COST, type PickleValue, unpickle } from "./pickle.ts";
import { quote, type StoredTensor, type StoredTensors } from "./stored.ts";
import { rowMajor, type Storage, type TensorRecord } from "./strided.ts";
import { bytesOf, type Fail, isOdd, persistentValue, torchKinds } from "./torch-kinds.ts";
import { plainNames } from "./torch-names.ts";
import { type Choice, choosePart, everything, keysOf, type Named, partOf } from "./torch-parts.ts";

/** What a file of the format before version 1.6 begins with: a pickled number. */
const LEGACY = [0x80, 0x02, 0x8a, 0x0a];

/** Whether bytes begin as PyTorch's files do. */
export const isTorch = (bytes: Uint8Array): boolean =>
  isZip(bytes) || LEGACY.every((byte, i) => bytes[i] === byte);

export interface ParseTorchOptions {
  /** Which part of the file: keys and beginnings of names joined by dots, "state_dict" or "state_dict.teacher". */
  key?: string;
  /** Every tensor of every part, under its full name; also arrays of NumPy and lists of numbers beside them. */
  all?: boolean;
  /** What to do where several parts may be meant; refused when left out. */
  unclear?: "refuse" | "all";
}

/**
 * Reads a PyTorch file that is in memory: the zip format of today, or the one before version 1.6.
 *
 * Files often hold more than weights. Without a key the weights are looked for: the one dictionary of tensors that is no
 * optimiser's, no running average and no statistics, or that of a usual name among several. `module.`, `model.` and the
 * like before every name are taken off. `note` says what was read and what else is there, `metadata.wrapper` where.
 *
 * @throws {CheckpointError} neither format; cut off or damaged; several parts that may be meant; no such key; a tensor of
 *   them that is sparse, quantised or without elements; larger than a file of this size should become
 */
export function parseTorch(
  bytes: Uint8Array,
  path = "checkpoint",
  { key, all = false, unclear = "refuse" }: ParseTorchOptions = {},
): StoredTensors {
  const fail: Fail = (what) => {
    throw new CheckpointError(`${path}: ${what}`, { path });
  };
  const allowance = new Allowance(bytes.length, path);
  const { value, storages, swapped } = isZip(bytes)
    ? readArchive(bytes, path, allowance, fail)
    : readLegacy(bytes, path, allowance, fail);
  const parts = everything(value, allowance, all);
  const choice: Choice = all
    ? parts.whole()
    : key === undefined
      ? choosePart(parts, unclear, fail)
      : partOf(parts, key, fail);
  const { names, note } = all ? { names: choice.tensors, note: undefined } : plainNames(choice, fail);
  const entries = new Map<string, StoredTensor>();
  let size = 0;
  for (const [name, record] of names) entries.set(name, read(name, record));
  return {
    entries,
    metadata: new Map([["wrapper", choice.key]]),
    ...(parts.list.length > 1 && { keys: keysOf(parts) }),
    ...(note !== undefined && { note: `${path}: ${note}` }),
  };

  function read(name: string, record: Named): StoredTensor {
    const wrong: Fail = (what) => fail(`tensor ${quote(name)}: ${what}`);
    if (isOdd(record))
      return wrong(
        `is ${record.what}, expected a dense tensor; make it one before it is saved, or name another part by its key`,
      );
    allowance.take(COST.view);
    const tensor = rowMajor(
      { ...record, ...(swapped && { swapped }) },
      held(record, wrong),
      allowance,
      wrong,
    );
    // tensors may share elements; written out they take them each
    size += tensor.bytes.length;
    if (size > 4 * bytes.length + 2 ** 26) wrong("the tensors are many times as large as the file");
    return tensor;
  }

  function held({ array, storage }: TensorRecord, wrong: Fail): Uint8Array {
    if (array !== undefined) return array;
    const content = storages(storage);
    if (content.length !== bytesOf(storage))
      wrong(`storage ${quote(storage.key)} has ${content.length} bytes, expected ${bytesOf(storage)}`);
    return content;
  }
}

interface Unpickled {
  value: PickleValue;
  /** The elements of a storage. */
  storages: (storage: Storage) => Uint8Array;
  /** Whether it was written where the highest byte of a number comes first. */
  swapped: boolean;
}

/** Longest pickle that is read: names and shapes take little. */
const LONGEST_PICKLE = 64 * 2 ** 20;

function readArchive(bytes: Uint8Array, path: string, allowance: Allowance, fail: Fail): Unpickled {
  const files = openZip(bytes, fail, allowance, { unsummed: true });
  const main = [...files.keys()].find((name) => name.endsWith("/data.pkl") || name === "data.pkl");
  if (main === undefined)
    return fail(
      "an archive without data.pkl: not written by torch.save (torch.export and torch.package write others)",
    );
  const folder = main.slice(0, -"data.pkl".length);
  if (files.has(`${folder}constants.pkl`))
    fail(
      "is a program of TorchScript (torch.jit.save), expected data; save the module's state_dict() with torch.save",
    );
  const file = (name: string): Uint8Array =>
    files.get(`${folder}${name}`)?.() ?? fail(`${quote(name)} is missing in the archive`);
  const order = files.has(`${folder}byteorder`) ? new TextDecoder().decode(file("byteorder")) : "little";
  if (order !== "little" && order !== "big") fail(`byte order ${quote(order)}, expected little or big`);
  const pickle = file("data.pkl");
  if (pickle.length > LONGEST_PICKLE) fail(`data.pkl of ${pickle.length} bytes is above ${LONGEST_PICKLE}`);
  const persistent = (id: PickleValue): PickleValue => persistentValue(id, fail);
  const { value } = unpickle(pickle, { path, kinds: torchKinds(fail), allowance, persistent });
  const read = new Map<string, Uint8Array>();
  const storages = ({ key }: Storage): Uint8Array => {
    const content = read.get(key) ?? file(`data/${key}`);
    read.set(key, content);
    return content;
  };
  return { value, storages, swapped: order === "big" };
}

/** What old files begin with, 0x1950a86a20f9469cfc6c as a pickled integer. */
const MAGIC = 0x1950a86a20f9469cfc6cn;
const PROTOCOL = 1001;

function readLegacy(bytes: Uint8Array, path: string, allowance: Allowance, fail: Fail): Unpickled {
  if (String.fromCharCode(...bytes.subarray(257, 262)) === "ustar")
    fail("is of the tar format of PyTorch 0.1; load it with a PyTorch of that time and save it again");
  if (bytes[0] !== 0x80) fail("is no PyTorch file: expected a zip archive or a pickle");
  const known = new Map<string, Storage>();
  let at = 0;
  const persistent = (id: PickleValue): PickleValue => {
    const value = persistentValue(id, fail);
    if (typeof value !== "object" || value === null || !("kind" in value) || value.kind !== "storage")
      return value;
    const storage = value as Storage;
    const other = known.get(storage.key);
    if (other !== undefined && (other.count !== storage.count || other.dtype !== storage.dtype))
      fail(`storage ${quote(storage.key)} has two sizes`);
    known.set(storage.key, storage);
    return storage;
  };
  const next = (): PickleValue => {
    const { value, end } = unpickle(bytes, { path, kinds: torchKinds(fail), allowance, persistent }, at);
    at = end;
    return value;
  };
  if (next() !== MAGIC) fail("is a pickle, but not of PyTorch: it does not begin with PyTorch's number");
  if (next() !== PROTOCOL) fail(`expected PyTorch's protocol ${PROTOCOL}`);
  next(); // of the machine it was written on; elements have their lowest byte first on all of them
  const value = next();
  const keys = next();
  if (!Array.isArray(keys)) return fail("has no list of storages");
  const held = new Map<string, Uint8Array>();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const key of keys) {
    const storage = known.get(String(key)) ?? fail(`storage ${quote(String(key))} belongs to no tensor`);
    if (at + 8 > bytes.length) fail("is cut off between two storages");
    const count = Number(view.getBigInt64(at, true));
    if (count !== storage.count)
      fail(`storage ${quote(storage.key)} has ${count} elements, expected ${storage.count}`);
    if (storage.width === 0) fail(`storage ${quote(storage.key)} is of an unknown type`);
    at += 8;
    const length = count * storage.width;
    if (at + length > bytes.length) fail(`is cut off in storage ${quote(storage.key)}`);
    held.set(storage.key, bytes.subarray(at, at + length));
    at += length;
  }
  const storages = ({ key }: Storage): Uint8Array =>
    held.get(key) ?? fail(`storage ${quote(key)} is missing`);
  return { value, storages, swapped: false };
}
