/** @file Features in PyTorch's files: dictionaries, a tensor, a list of tensors, features with their labels. */

import { cat, stack, type Tensor } from "../../tensor/index.ts";
import { tensorsOf } from "../../tensor/tensor-file.ts";
import { parseTorch } from "../../tensor/torch-file.ts";

/**
 * The arrays of a file by name; of dictionaries within dictionaries the keys are joined by dots. Lists of tensors are put
 * together: rows [d], or blocks [n, d] one below the other; a pair of features [n, d] and labels [n] stays a pair.
 *
 * @throws {CheckpointError} no PyTorch file, damaged, no tensors
 */
export function torchArrays(bytes: Uint8Array, path: string): Map<string, () => Tensor> {
  const { tensors } = tensorsOf(parseTorch(bytes, path, { all: true }), path);
  const list = [...tensors.values()];
  const inOrder = [...tensors.keys()].every((name, i) => name === String(i));
  const [first, second] = list;
  if (!inOrder || first === undefined) return lazily(tensors);
  if (second !== undefined && list.length === 2 && first.dim === 2 && second.dim === 1 && first.size(0) === second.size(0))
    return lazily(new Map([["features", first], ["labels", second]])); // biome-ignore format: a pair
  const alike = list.every(({ shape }) => shape.length === first.dim && shape.at(-1) === first.shape.at(-1));
  if (!alike || first.dim < 1 || first.dim > 2) return lazily(tensors);
  return lazily(new Map([["features", first.dim === 1 ? stack(list) : cat(list)]]));
}

const lazily = (tensors: ReadonlyMap<string, Tensor>): Map<string, () => Tensor> =>
  new Map([...tensors].map(([name, tensor]) => [name, () => tensor]));
