/** @file NumPy's array files: versions 1 to 3, either byte order, C and Fortran order. */

import { DataError } from "../../base/errors.ts";
import { type DType, type TypedArray, viewAs } from "../../tensor/dtype.ts";
import { scope, type Tensor, tensor } from "../../tensor/index.ts";

/** NumPy's type without its byte order → ours, and bytes of the unit whose order counts. */
const TYPES = new Map<string, { dtype: DType; width: number; unit: number }>([
  ["b1", { dtype: "bool", width: 1, unit: 1 }],
  ["u1", { dtype: "uint8", width: 1, unit: 1 }],
  ["i1", { dtype: "int8", width: 1, unit: 1 }],
  ["i2", { dtype: "int16", width: 2, unit: 2 }],
  ["i4", { dtype: "int32", width: 4, unit: 4 }],
  ["i8", { dtype: "int64", width: 8, unit: 8 }],
  ["f2", { dtype: "float16", width: 2, unit: 2 }],
  ["f4", { dtype: "float32", width: 4, unit: 4 }],
  ["f8", { dtype: "float64", width: 8, unit: 8 }],
  ["c8", { dtype: "complex64", width: 8, unit: 4 }],
  ["c16", { dtype: "complex128", width: 16, unit: 8 }],
]);
const NAMES = new Map([...TYPES].map(([name, { dtype }]) => [dtype, name]));

/** The parts of NumPy's header, a Python dictionary. */
const FIELD =
  /\s*'(descr|fortran_order|shape)'\s*:\s*(?:'([<>|=])([a-zA-Z]\d+)'|(True|False)|\(([\d,\sL]*)\))\s*(?:,|(?=\}))/y;

/**
 * The array of a .npy file that is in memory.
 *
 * @param path for messages
 * @throws {DataError} not an array file, cut off or too long; text, dates, objects, records, unsigned numbers above 8 bits
 */
export function parseNpy(bytes: Uint8Array, path: string): Tensor {
  const fail = (what: string): never => {
    throw new DataError(`${path}: ${what}`, { path });
  };
  if (!"\x93NUMPY".split("").every((char, i) => bytes[i] === char.charCodeAt(0)) || bytes.length < 10)
    return fail('not a NumPy array: it does not begin with "\\x93NUMPY"');
  const version = bytes[6]!;
  if (version < 1 || version > 3) fail(`version ${version} of the format, expected 1, 2 or 3`);
  const start = version === 1 ? 10 : 12;
  if (bytes.length < start) fail("cut off in its header");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = start + (version === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  if (end > bytes.length) fail("cut off in its header");
  const { order, type, fortran, shape } = readHeader(bytes.subarray(start, end), fail);
  const known = TYPES.get(type);
  if (known === undefined)
    return fail(`numbers of NumPy's type ${type}, expected one of ${[...TYPES.keys()].join(", ")}`);
  const count = shape.reduce((product, size) => product * size, 1);
  if (count * known.width !== bytes.length - end)
    fail(
      `${type} [${shape.join(", ")}] takes ${count * known.width} bytes, the file has ${bytes.length - end}`,
    );
  const own = new Uint8Array(bytes.subarray(end)); // aligned, and free to be turned round
  if (order === ">") swap(own, known.unit);
  const values = viewAs(known.dtype, own.buffer as ArrayBuffer);
  if (!fortran) return tensor(values, { shape, dtype: known.dtype });
  return scope(() => {
    const turned = tensor(values, { shape: [...shape].reverse(), dtype: known.dtype });
    return turned.permute(shape.map((_, i) => shape.length - 1 - i)).contiguous();
  }, "fortran order");
}

function readHeader(bytes: Uint8Array, fail: (what: string) => never) {
  const text = new TextDecoder("latin1").decode(bytes);
  const found = new Map<string, RegExpExecArray>();
  FIELD.lastIndex = text.indexOf("{") + 1;
  for (let at = FIELD.lastIndex; at > 0; at = FIELD.lastIndex) {
    const field = FIELD.exec(text);
    if (field === null) {
      if (!/^\s*\}\s*$/.test(text.slice(at))) fail("a header that is not NumPy's, or an array of records");
      break;
    }
    found.set(field[1]!, field);
  }
  const [descr, order, list] = ["descr", "fortran_order", "shape"].map((key) => found.get(key));
  if (descr?.[3] === undefined || order?.[4] === undefined || list?.[5] === undefined)
    return fail("a header without descr, fortran_order and shape");
  const shape = list[5].split(",").flatMap((size) => (size.trim() === "" ? [] : [Number.parseInt(size, 10)]));
  const largest = shape.reduce((product, size) => product * Math.max(size, 1), 1);
  if (shape.length > 32 || !Number.isSafeInteger(largest)) fail(`shape (${list[5]}) is too large`);
  return { order: descr[2]!, type: descr[3], fortran: order[4] === "True", shape };
}

function swap(bytes: Uint8Array, unit: number): void {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (unit === 2) buffer.swap16();
  else if (unit === 4) buffer.swap32();
  else if (unit === 8) buffer.swap64();
}

/** A tensor as a .npy file: its header, then its elements. bfloat16, which NumPy has not, becomes float32. */
export function npyChunks(x: Tensor): Uint8Array[] {
  if (x.dtype === "bfloat16") return scope(() => npyChunks(x.to("float32")));
  const type = NAMES.get(x.dtype)!;
  const order = TYPES.get(type)!.unit === 1 ? "|" : "<";
  const shape = x.dim === 1 ? `${x.size(0)},` : x.shape.join(", ");
  const fields = `{'descr': '${order}${type}', 'fortran_order': False, 'shape': (${shape}), }`;
  const length = Math.ceil((10 + fields.length + 1) / 64) * 64; // the elements begin at a multiple of 64
  const head = Buffer.from(`\x93NUMPY\x01\x00\x00\x00${fields.padEnd(length - 11)}\n`, "latin1");
  head.writeUInt16LE(length - 10, 8);
  const values: TypedArray = x.data();
  return [head, new Uint8Array(values.buffer, values.byteOffset, values.byteLength)];
}
