/** @file Tensors in PyTorch's own files (.pth, .pt, .th): read as data, nothing in them is executed. */

import { CheckpointError } from "./errors.ts";
import { IGNORED, PickledName, type PickleKind, type PickleValue, unpickle } from "./pickle.ts";
import type { StoredDType, StoredTensor, StoredTensors } from "./safetensors.ts";
import { isZip, readZip } from "./zip.ts";

/** Storage classes: element type and bytes per element. */
const STORAGES: Record<string, { dtype: StoredDType; width: number }> = {
  DoubleStorage: { dtype: "float64", width: 8 },
  FloatStorage: { dtype: "float32", width: 4 },
  HalfStorage: { dtype: "float16", width: 2 },
  BFloat16Storage: { dtype: "bfloat16", width: 2 },
  LongStorage: { dtype: "int64", width: 8 },
  IntStorage: { dtype: "int32", width: 4 },
  ShortStorage: { dtype: "int16", width: 2 },
  CharStorage: { dtype: "int8", width: 1 },
  ByteStorage: { dtype: "uint8", width: 1 },
  BoolStorage: { dtype: "bool", width: 1 },
};

/** Elements in memory that tensors are views of. */
interface Storage {
  readonly kind: "storage";
  readonly key: string;
  readonly dtype: StoredDType;
  readonly width: number;
  readonly count: number;
}

interface TensorRecord {
  readonly kind: "tensor";
  readonly storage: Storage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

const isTensor = (value: PickleValue | undefined): value is TensorRecord & PickleValue =>
  typeof value === "object" && value !== null && "kind" in value && value.kind === "tensor";

/** Names under which training scripts put the weights beside other things. */
const WRAPPERS = ["state_dict", "model", "model_state_dict", "module", "net", "network", "encoder"];

/** What a file of the format before version 1.6 begins with: a pickled number. */
const LEGACY = [0x80, 0x02, 0x8a, 0x0a];

/** Whether bytes begin as PyTorch's files do. */
export const isTorch = (bytes: Uint8Array): boolean =>
  (isZip(bytes) && bytes[8] !== 0x7b) || LEGACY.every((byte, i) => bytes[i] === byte);

/** Wrappers within wrappers that are looked into. */
const DEEPEST = 3;

/**
 * Reads a PyTorch file that is in memory: the zip format of today, or the one before version 1.6.
 *
 * A `module.` before every name and wrappers such as `{"state_dict": …}` are taken off; what is no tensor is left out.
 * `metadata.wrapper` says where the tensors were found.
 *
 * @throws {CheckpointError} neither format; cut off or damaged; a name in the pickle that data does not need
 */
export function parseTorch(bytes: Uint8Array, path = "checkpoint"): StoredTensors {
  const fail = (what: string): never => {
    throw new CheckpointError(`${path}: ${what}`, { path });
  };
  const { value, storages } = isZip(bytes) ? readArchive(bytes, path, fail) : readLegacy(bytes, path, fail);
  const { found, wrapper } = findTensors(value, fail);
  const entries = new Map<string, StoredTensor>();
  const budget = { copied: 0, most: 4 * bytes.length + 2 ** 20 };
  for (const [name, record] of found) {
    const plain = name.replace(/^(module\.|_orig_mod\.)+/, "");
    if (entries.has(plain)) fail(`two tensors are called "${plain}"`);
    const held = storages(record.storage);
    entries.set(
      plain,
      materialise(record, held, budget, (what) => fail(`tensor "${name.slice(0, 80)}": ${what}`)),
    );
  }
  return { entries, metadata: new Map([["wrapper", wrapper]]) };
}

type Fail = (what: string) => never;
interface Unpickled {
  value: PickleValue;
  /** The elements of a storage. */
  storages: (storage: Storage) => Uint8Array;
}

/** Longest pickle that is read: names and shapes take little. */
const LONGEST_PICKLE = 64 * 2 ** 20;

function readArchive(bytes: Uint8Array, path: string, fail: Fail): Unpickled {
  const files = readZip(bytes, path);
  const main = [...files.keys()].find((name) => name.endsWith("/data.pkl") || name === "data.pkl");
  if (main === undefined) return fail("an archive without data.pkl: not written by torch.save?");
  const folder = main.slice(0, -"data.pkl".length);
  const order = files.get(`${folder}byteorder`);
  if (order !== undefined && new TextDecoder().decode(order) !== "little")
    fail("was written on a big-endian machine, expected little-endian");
  const pickle = files.get(main)!;
  if (pickle.length > LONGEST_PICKLE) fail(`data.pkl of ${pickle.length} bytes is above ${LONGEST_PICKLE}`);
  const { value } = unpickle(pickle, { path, kinds: kinds(fail), persistent: (id) => storageOf(id, fail) });
  return {
    value,
    storages: ({ key }) => files.get(`${folder}data/${key}`) ?? fail(`data/${key} is missing in the archive`),
  };
}

/** What old files begin with, 0x1950a86a20f9469cfc6c as a pickled integer. */
const MAGIC = 0x1950a86a20f9469cfc6cn;
const PROTOCOL = 1001;

function readLegacy(bytes: Uint8Array, path: string, fail: Fail): Unpickled {
  if (bytes[0] !== 0x80) fail("is no PyTorch file: expected a zip archive or a pickle");
  const known = new Map<string, Storage>();
  let at = 0;
  const next = (): PickleValue => {
    const persistent = (id: PickleValue) => {
      const storage = storageOf(id, fail);
      const other = known.get(storage.key);
      if (other !== undefined && (other.count !== storage.count || other.dtype !== storage.dtype))
        fail(`storage ${storage.key} has two sizes`);
      known.set(storage.key, storage);
      return storage;
    };
    const { value, end } = unpickle(bytes, { path, kinds: kinds(fail), persistent }, at);
    at = end;
    return value;
  };
  if (next() !== MAGIC) fail("is no PyTorch file: it does not begin with PyTorch's number");
  if (next() !== PROTOCOL) fail(`expected PyTorch's protocol ${PROTOCOL}`);
  const system = next();
  if (!(system instanceof Map) || system.get("little_endian") !== true)
    fail("was not written on a little-endian machine");
  const value = next();
  const keys = next();
  if (!Array.isArray(keys)) return fail("has no list of storages");
  const held = new Map<string, Uint8Array>();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const key of keys) {
    const storage = known.get(String(key)) ?? fail(`storage ${String(key)} belongs to no tensor`);
    if (at + 8 > bytes.length) fail("is cut off between two storages");
    const count = Number(view.getBigInt64(at, true));
    if (count !== storage.count)
      fail(`storage ${storage.key} has ${count} elements, expected ${storage.count}`);
    at += 8;
    const length = count * storage.width;
    if (at + length > bytes.length) fail(`is cut off in storage ${storage.key}`);
    held.set(storage.key, bytes.subarray(at, at + length));
    at += length;
  }
  return { value, storages: ({ key }) => held.get(key) ?? fail(`storage ${key} is missing`) };
}

const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** ("storage", class, key, device, elements), and in old files a sixth: which part, for storages that are views. */
function storageOf(id: PickleValue, fail: Fail): Storage {
  const [tag, type, key, , count, part = null] = Array.isArray(id) ? id : [];
  const name = type instanceof PickledName ? type.name.replace(/^torch /, "") : "";
  if (tag !== "storage" || !Object.hasOwn(STORAGES, name) || typeof key !== "string" || !isSize(count))
    return fail("a storage that is not described as PyTorch does");
  if (part !== null) fail(`storage ${key} is a part of another, which is not supported`);
  return { kind: "storage", key, count, ...STORAGES[name]! };
}

/** The names that a checkpoint may use, as kinds of data. */
function kinds(fail: Fail): Map<string, PickleKind> {
  const tensor: PickleKind = {
    make: ([storage, offset, shape, strides]) => {
      const sizes = (value: PickleValue | undefined): value is number[] =>
        Array.isArray(value) && value.length <= 16 && value.every(isSize);
      const known =
        typeof storage === "object" && storage !== null && "kind" in storage && storage.kind === "storage";
      if (!known || !isSize(offset) || !sizes(shape) || !sizes(strides) || shape.length !== strides.length)
        return fail("a tensor that is not described as PyTorch does");
      return {
        kind: "tensor",
        storage: storage as Storage,
        offset,
        shape: [...shape],
        strides: [...strides],
      };
    },
  };
  const dictionary: PickleKind = {
    make: ([pairs]) =>
      new Map(
        (Array.isArray(pairs) ? pairs : []).map((pair) =>
          Array.isArray(pair)
            ? ([pair[0] ?? null, pair[1] ?? null] as const)
            : fail("a dictionary of no pairs"),
        ),
      ),
  };
  const settings: PickleKind = {
    make: () => new Map(),
    build: (value, state) => {
      if (state instanceof Map) for (const [key, item] of state) (value as typeof state).set(key, item);
    },
  };
  const ignored: PickleKind = { make: () => IGNORED };
  const list: PickleKind = { make: ([items]) => (Array.isArray(items) ? items : []) };
  return new Map<string, PickleKind>([
    ["torch._utils _rebuild_tensor", tensor],
    ["torch._utils _rebuild_tensor_v2", tensor],
    ["torch._utils _rebuild_parameter", { make: ([value]) => value ?? null }],
    ["collections OrderedDict", dictionary],
    ["collections defaultdict", { make: () => new Map() }],
    ["argparse Namespace", settings],
    ["torch Size", list],
    ["builtins set", list],
    ["__builtin__ set", list],
    ["builtins dict", dictionary],
    ...Object.keys(STORAGES).map((name) => [`torch ${name}`, {}] as const),
    ...IGNORED_NAMES.map((name) => [name, ignored] as const),
  ]);
}

/** Of training states and settings beside the weights: read past, never needed. */
const IGNORED_NAMES = [
  "numpy.core.multiarray scalar",
  "numpy._core.multiarray scalar",
  "numpy dtype",
  "_codecs encode",
  "torch device",
  "pathlib PosixPath",
  "datetime timedelta",
];

/** The first dictionary of tensors, looking into wrappers. */
function findTensors(value: PickleValue, fail: Fail): { found: Map<string, TensorRecord>; wrapper: string } {
  let at = value;
  const wrapper: string[] = [];
  for (let depth = 0; depth <= DEEPEST; depth++) {
    if (!(at instanceof Map)) return fail("holds no dictionary of tensors; save the model's state_dict");
    const inside: Map<PickleValue, PickleValue> = at;
    const name = WRAPPERS.find((name) => inside.get(name) instanceof Map);
    const tensors = [...inside].filter(
      (entry): entry is [string, TensorRecord & PickleValue] =>
        typeof entry[0] === "string" && isTensor(entry[1]),
    );
    // a loss or a score beside the weights may be a tensor too
    if (name === undefined) {
      if (tensors.length === 0) fail("holds no tensors by name; save the model's state_dict");
      return { found: new Map(tensors), wrapper: wrapper.join(".") };
    }
    wrapper.push(name);
    at = inside.get(name)!;
  }
  return fail(`holds tensors more than ${DEEPEST} wrappers deep`);
}

/** A tensor's elements in row-major order: a view of the storage where they lie so, else a copy. */
function materialise(
  { storage, offset, shape, strides }: TensorRecord,
  held: Uint8Array,
  budget: { copied: number; most: number },
  fail: Fail,
): StoredTensor {
  const { dtype, width, count } = storage;
  if (held.length !== count * width)
    fail(`storage ${storage.key} has ${held.length} bytes, expected ${count * width}`);
  const numel = shape.reduce((product, size) => product * size, 1);
  if (numel === 0) return { dtype, shape, bytes: held.subarray(0, 0) };
  const last = shape.reduce((sum, size, i) => sum + (size - 1) * strides[i]!, offset);
  if (!(last < count)) fail(`[${shape.join(", ")}] ends outside its storage of ${count} elements`);
  if (numel > count)
    fail(`[${shape.join(", ")}] repeats elements of its storage, expected a tensor of its own`);
  let expected = 1;
  let contiguous = true;
  for (let i = shape.length - 1; i >= 0; i--) {
    if (shape[i] !== 1 && strides[i] !== expected) contiguous = false;
    expected *= shape[i]!;
  }
  const bytes = contiguous ? held.subarray(offset * width, (offset + numel) * width) : copy();
  if (dtype === "bool" && bytes.some((byte) => byte > 1)) fail("booleans other than 0 and 1");
  return { dtype, shape, bytes };

  function copy(): Uint8Array {
    budget.copied += numel * width;
    if (budget.copied > budget.most) fail("the tensors are many times as large as the file");
    const copied = new Uint8Array(numel * width);
    const index = shape.map(() => 0);
    let from = offset;
    for (let i = 0; i < numel; i++) {
      copied.set(held.subarray(from * width, (from + 1) * width), i * width);
      for (let dim = shape.length - 1; dim >= 0; dim--) {
        from += strides[dim]!;
        if (++index[dim]! < shape[dim]!) break;
        from -= strides[dim]! * shape[dim]!;
        index[dim] = 0;
      }
    }
    return copied;
  }
}
