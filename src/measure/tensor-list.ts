/** @file The tensors of a safetensors or PyTorch file: names, dtypes, shapes and sizes. */
import { readFileSync } from "node:fs";
import { UsageError } from "../base/errors.ts";
import { storedIn } from "../tensor/tensor-file.ts";

export interface TensorEntry {
  name: string;
  dtype: string;
  shape: readonly number[];
  bytes: number;
}

export interface TensorList {
  tensors: TensorEntry[];
  /** What was read and what else is there, in one line. */
  note?: string;
  /** The parts of a PyTorch file that has several; where it is not clear which the weights are, all are listed. */
  keys: readonly { key: string; tensors: number }[];
}

/**
 * The tensors in the order of the file.
 * @param key the part of the file; found when not given
 * @throws UsageError when the file cannot be read; CheckpointError when it is neither, or damaged, or has no such key
 */
export function listTensors(path: string, key?: string): TensorList {
  const options = key === undefined ? ({ unclear: "all" } as const) : { key };
  const { entries, note, keys = [] } = storedIn(readBytes(path), path, options);
  const tensors = [...entries].map(([name, { dtype, shape, bytes }]) => ({
    ...{ name, dtype, shape, bytes: bytes.length },
  }));
  return { tensors, keys, ...(note !== undefined && { note }) };
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
