/** @file Files of weights from one format into another: from PyTorch's or safetensors to safetensors. */

import { CheckpointError, saveTensors, UsageError } from "../../tensor/index.ts";
import { readWeights } from "./read.ts";
import { type Architecture, recognise } from "./recognise.ts";

export interface Converted {
  tensors: number;
  /** Numbers in all. */
  numbers: number;
  architecture: Architecture | undefined;
}

/**
 * Writes the weights at `input` as a safetensors file: names without prefixes and wrappers, values as they are.
 *
 * @param input a run folder, a checkpoint's folder, or a file: .safetensors, .pth, .pt, .th
 * @throws {UsageError} nothing there, or an output that does not end in .safetensors
 * @throws {CheckpointError} damaged, or more than data; {DiskError} the output cannot be written
 */
export function convertWeights(input: string, output: string): Converted {
  if (!output.endsWith(".safetensors"))
    throw new UsageError(`${output}: expected a name that ends in .safetensors, which is what is written`, {
      path: output,
    });
  using weights = readWeights(input);
  if (weights.tensors.size === 0) throw new CheckpointError(`${input}: holds no tensors`, { path: input });
  const architecture = recognise(weights.tensors);
  saveTensors(
    output,
    weights.tensors,
    new Map(architecture && [["architecture", JSON.stringify(architecture)]]),
  );
  const numbers = [...weights.tensors.values()].reduce((sum, { numel }) => sum + numel, 0);
  return { tensors: weights.tensors.size, numbers, architecture };
}
