/** @file The names in PyTorch's pickles that stand for data: storages, tensors, dictionaries, bytes. */

import { arrayRecord, NUMPY_KINDS } from "./numpy-kinds.ts";
import { COST, PickledName, PickledObject, type PickleKind, type PickleValue } from "./pickle.ts";
import { bitsOf, isStoredDType, type StoredDType } from "./stored.ts";
import type { Storage, TensorRecord } from "./strided.ts";

export type Fail = (what: string) => never;

/** A tensor that is not read, and why: "sparse". */
export interface OddTensor {
  readonly kind: "odd";
  readonly what: string;
}

/** Storage classes: element type and bytes per element. */
const STORAGES: Record<string, { dtype?: StoredDType; width: number }> = {
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
  ComplexFloatStorage: { dtype: "complex64", width: 8 },
  ComplexDoubleStorage: { dtype: "complex128", width: 16 },
  QInt8Storage: { width: 1 },
  QUInt8Storage: { width: 1 },
  QInt32Storage: { width: 4 },
  QUInt4x2Storage: { width: 1 },
  QUInt2x4Storage: { width: 1 },
  UntypedStorage: { width: 1 },
};

const kindOf = (value: PickleValue | undefined): string | undefined =>
  typeof value === "object" && value !== null && "kind" in value ? value.kind : undefined;
export const isTensor = (value: PickleValue | undefined): value is TensorRecord => kindOf(value) === "tensor";
export const isOdd = (value: PickleValue | undefined): value is OddTensor => kindOf(value) === "odd";
const isStorage = (value: PickleValue | undefined): value is Storage => kindOf(value) === "storage";
const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isSizes = (value: PickleValue | undefined): value is number[] =>
  Array.isArray(value) && value.length <= 64 && value.every(isSize);

/** ("storage", class, key, device, elements), and in old files a sixth: which part, for storages that are views. */
export function persistentValue(id: PickleValue, fail: Fail): PickleValue {
  const [tag, type, key, , count, part = null] = Array.isArray(id) ? id : [];
  if (tag === "module" && type !== undefined) return type; // a class with its source, in old files
  const name = type instanceof PickledName ? (type.name.split(" ")[1] ?? "") : "";
  if (tag !== "storage" || typeof key !== "string" || !isSize(count))
    return fail("a storage that is not described as PyTorch does");
  if (part !== null) fail(`storage ${key} is a part of another, which is not supported`);
  const { dtype, width } = Object.hasOwn(STORAGES, name)
    ? (STORAGES[name] as { width: number; dtype?: StoredDType })
    : { width: 0, dtype: undefined };
  const storage: Storage = { kind: "storage", key, count, width, dtype };
  return storage;
}

const odd = (what: string): OddTensor => ({ kind: "odd", what });

/** A tensor of a storage; `dtype` where the storage has only bytes. */
function view(
  [storage, offset, shape, strides]: readonly PickleValue[],
  dtype: PickleValue | undefined,
  metadata: PickleValue | undefined,
  fail: Fail,
): TensorRecord | OddTensor {
  if (
    !isStorage(storage) ||
    !isSize(offset) ||
    !isSizes(shape) ||
    !isSizes(strides) ||
    shape.length !== strides.length
  )
    return fail("a tensor that is not described as PyTorch does");
  const type = dtype === undefined ? storage.dtype : nameOf(dtype);
  if (!isStoredDType(type)) return odd(`of the element type ${String(type ?? "of an unknown storage")}`);
  const flags = metadata instanceof Map ? metadata : new Map<PickleValue, PickleValue>();
  return {
    ...{ kind: "tensor", storage, dtype: type, offset, shape: [...shape], strides: [...strides] },
    ...(flags.get("conj") === true && { conjugate: true }),
    ...(flags.get("neg") === true && { negative: true }),
  };
}

/** "float8_e5m2" of the name "torch float8_e5m2". */
const nameOf = (value: PickleValue): string | undefined =>
  value instanceof PickledName ? value.name.split(" ")[1] : undefined;

const first: PickleKind = ([value]) => value ?? null;
const list: PickleKind = ([items]) => (Array.isArray(items) ? items : []);
const unread =
  (what: string): PickleKind =>
  () =>
    odd(what);

/** OrderedDict(), OrderedDict(dict), OrderedDict([(key, value), …]) */
const dictionary: PickleKind = ([given], allowance) => {
  if (given instanceof Map) return given; // the same one: nothing here changes it afterwards
  const pairs = Array.isArray(given) ? given : [];
  allowance.take(COST.map + COST.entry * pairs.length);
  const made = new Map<PickleValue, PickleValue>();
  for (const pair of pairs) if (Array.isArray(pair)) made.set(pair[0] ?? null, pair[1] ?? null);
  return made;
};

/** encode(text, "latin1"), bytearray(text, "latin1") or bytearray(bytes): how old protocols write bytes. */
const bytes: PickleKind = ([value], allowance) => {
  if (value instanceof Uint8Array) return value;
  const text = typeof value === "string" ? value : "";
  allowance.take(COST.view + text.length);
  return new Uint8Array(Buffer.from(text, "latin1"));
};

/** What unpickled names become; a fresh list for each file, for its messages. */
export function torchKinds(fail: Fail): Map<string, PickleKind> {
  /** f(…args) of a subclass of tensors, or of a tensor with attributes: the tensor. */
  const ofType: PickleKind = ([make, type, args], allowance) => {
    const kind = make instanceof PickledName ? kinds.get(make.name) : undefined;
    const value = kind !== undefined && Array.isArray(args) ? kind(args, allowance) : undefined;
    return isTensor(value) || isOdd(value)
      ? value
      : odd(
          `of the class ${String(type instanceof PickledName ? type.name.replace(" ", ".") : "of another program")}`,
        );
  };
  const kinds = new Map<string, PickleKind>([
    ["torch._utils _rebuild_tensor", (args) => view(args, undefined, undefined, fail)],
    ["torch._utils _rebuild_tensor_v2", (args) => view(args, undefined, args[6], fail)],
    ["torch._utils _rebuild_tensor_v3", (args) => view(args, args[6] ?? null, args[7], fail)],
    ["torch._utils _rebuild_parameter", first],
    ["torch._utils _rebuild_parameter_with_state", first],
    ["torch._utils _rebuild_device_tensor_from_cpu_tensor", first],
    [
      "torch._utils _rebuild_device_tensor_from_numpy",
      ([array]) => arrayRecord(array) ?? odd("of another device"),
    ],
    ["torch._tensor _rebuild_from_type", ofType],
    ["torch._tensor _rebuild_from_type_v2", ofType],
    ["torch._utils _rebuild_sparse_tensor", unread("sparse")],
    ["torch._utils _rebuild_sparse_csr_tensor", unread("sparse")],
    ["torch._utils _rebuild_qtensor", unread("quantised")],
    ["torch._utils _rebuild_nested_tensor", unread("nested")],
    ["torch._utils _rebuild_meta_tensor_no_storage", unread("without elements, on the device meta")],
    ["torch._utils _rebuild_meta_tensor", unread("without elements, on the device meta")],
    ["torch._utils _rebuild_wrapper_subclass", unread("a wrapper around other tensors")],
    ["torch.nn.parameter Parameter", first],
    ["collections OrderedDict", dictionary],
    ["collections Counter", dictionary],
    ["collections defaultdict", (_, allowance) => dictionary([], allowance)],
    ["builtins dict", dictionary],
    ["__builtin__ dict", dictionary],
    ["torch Size", list],
    ["builtins set", list],
    ["__builtin__ set", list],
    ["builtins frozenset", list],
    ["__builtin__ frozenset", list],
    ["builtins list", list],
    ["builtins tuple", list],
    ["_codecs encode", bytes],
    ["builtins bytearray", bytes],
    ["__builtin__ bytearray", bytes],
    [
      "copy_reg _reconstructor",
      ([type]) => new PickledObject(type instanceof PickledName ? type.name : "object"),
    ],
    [
      "copyreg _reconstructor",
      ([type]) => new PickledObject(type instanceof PickledName ? type.name : "object"),
    ],
    ...NUMPY_KINDS,
  ]);
  return kinds;
}

/** Bytes that the elements of a storage take. */
export const bytesOf = ({ dtype, width, count }: Storage): number =>
  count * (dtype === undefined ? width : bitsOf(dtype) / 8);
