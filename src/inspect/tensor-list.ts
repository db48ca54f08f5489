/** @file The tensors of a safetensors file, read from its header alone. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { CheckpointError, UsageError } from "../tensor/errors.ts";

export interface TensorEntry {
  name: string;
  dtype: string;
  shape: readonly number[];
  bytes: number;
}

/** The format's own limit on a header. */
const largestHeader = 100_000_000;

const bits: Readonly<Record<string, number>> = {
  ...{ BOOL: 8, U8: 8, I8: 8, F8_E4M3: 8, F8_E5M2: 8, U16: 16, I16: 16, F16: 16, BF16: 16 },
  ...{ U32: 32, I32: 32, F32: 32, U64: 64, I64: 64, F64: 64, C64: 64 },
};

/**
 * Names, dtypes, shapes and sizes, in the order of the file.
 * @throws UsageError when the file cannot be opened; CheckpointError when its header does not describe the file exactly
 */
export function listTensors(path: string): TensorEntry[] {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(`${path} cannot be read (${code}); check the path and its permissions`, {
      path,
      cause: error,
    });
  }
  try {
    const size = fstatSync(file).size;
    const length = headerLength(file, size, path);
    const bytes = Buffer.alloc(length);
    readSync(file, bytes, 0, length, 8);
    return entries(bytes.toString("utf8"), size - 8 - length, path);
  } finally {
    closeSync(file);
  }
}

function headerLength(file: number, size: number, path: string): number {
  const start = Buffer.alloc(8);
  if (size < 8 || readSync(file, start, 0, 8, 0) < 8)
    throw damaged(path, `${size} bytes are no safetensors file`);
  const length = start.readBigUInt64LE();
  if (length > largestHeader || Number(length) > size - 8) {
    throw damaged(path, `a header of ${length} bytes in a file of ${size}`);
  }
  return Number(length);
}

function entries(text: string, dataBytes: number, path: string): TensorEntry[] {
  let header: unknown;
  try {
    header = JSON.parse(text);
  } catch (error) {
    throw damaged(path, "the header is not JSON", error);
  }
  if (typeof header !== "object" || header === null || Array.isArray(header))
    throw damaged(path, "the header is no object");
  const described = Object.entries(header).filter(([name]) => name !== "__metadata__");
  const found = described.map(([name, value]) => entry(name, value, path));
  found.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let end = 0;
  for (const tensor of found) {
    if (tensor.begin !== end)
      throw damaged(path, `${tensor.name} begins at byte ${tensor.begin}, expected ${end}`);
    end = tensor.end;
  }
  if (end !== dataBytes) throw damaged(path, `${dataBytes} bytes of data, expected ${end}`);
  return found.map(({ name, dtype, shape, begin, end }) => ({ name, dtype, shape, bytes: end - begin }));
}

function entry(name: string, value: unknown, path: string) {
  const { dtype, shape, data_offsets: offsets } = (value ?? {}) as Record<string, unknown>;
  if (typeof dtype !== "string" || !counts(shape) || !counts(offsets) || offsets.length !== 2) {
    throw damaged(path, `${name} is not described by dtype, shape and data_offsets`);
  }
  const [begin, end] = offsets as [number, number];
  const width = Object.hasOwn(bits, dtype) ? bits[dtype]! : undefined;
  if (width === undefined) throw damaged(path, `${name} has the unknown dtype ${dtype}`);
  const expected = (shape.reduce((a, b) => a * b, 1) * width) / 8;
  if (end - begin !== expected)
    throw damaged(path, `${name} has ${end - begin} bytes, its shape needs ${expected}`);
  return { name, dtype, shape, begin, end };
}

function counts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);
}

function damaged(path: string, what: string, cause?: unknown): CheckpointError {
  return new CheckpointError(`${path} is damaged: ${what}; fetch or write it again`, { path, cause });
}
