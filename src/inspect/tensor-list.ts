/** @file The tensors of a safetensors or PyTorch file: names, dtypes, shapes and sizes. */
import { readFileSync } from "node:fs";
import { UsageError } from "../tensor/errors.ts";
import { storedIn } from "../tensor/tensor-file.ts";

export interface TensorEntry {
  name: string;
  dtype: string;
  shape: readonly number[];
  bytes: number;
}

/**
 * The tensors in the order of the file.
 * @throws UsageError when the file cannot be read; CheckpointError when it is neither, or damaged
 */
export function listTensors(path: string): TensorEntry[] {
  const { entries } = storedIn(readBytes(path), path);
  return [...entries].map(([name, { dtype, shape, bytes }]) => ({ name, dtype, shape, bytes: bytes.length }));
}

function readBytes(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(`${path} cannot be read (${code}); check the path and its permissions`, {
      path,
      cause: error,
    });
  }
}
