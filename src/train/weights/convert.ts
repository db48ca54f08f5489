/** @file Files of weights from one format into another: from PyTorch's or safetensors to safetensors. */

import { existsSync, statSync } from "node:fs";
import { writeFileAtomic } from "../../base/write-file.ts";
import { CheckpointError, saveTensors, UsageError } from "../../tensor/index.ts";
import { serialiseSafetensors } from "../../tensor/safetensors.ts";
import { codeOf, numelOf, quote } from "../../tensor/stored.ts";
import { readWhole, storedIn } from "../../tensor/tensor-file.ts";
import { describeTensors } from "./describe.ts";
import { configBeside } from "./elsewhere.ts";
import { readWeights } from "./read.ts";
import { type Architecture, recognise, type Shapes } from "./recognise.ts";

export interface Converted {
  tensors: number;
  /** Numbers in all. */
  numbers: number;
  architecture: Architecture | undefined;
  /** What it is, in words. */
  what: string;
  /** What of the input was read and what was left out, one line each. */
  notes: string[];
}

/**
 * Writes the weights at `input` as a safetensors file: names without prefixes and wrappers, values and types as they are.
 *
 * @param input a run folder, a checkpoint's folder, or a file: .safetensors, .pth, .pt, .th
 * @param key the part of a file, as in `loadTensors`; found when not given
 * @throws {UsageError} nothing there, or an output that does not end in .safetensors
 * @throws {CheckpointError} damaged, or it is not clear where the weights are; {DiskError} the output cannot be written
 */
export function convertWeights(input: string, output: string, key?: string): Converted {
  if (!output.endsWith(".safetensors"))
    throw new UsageError(`${output}: expected a name that ends in .safetensors, which is what is written`, {
      path: output,
    });
  if (existsSync(input) && !statSync(input).isDirectory()) return convertFile(input, output, key);
  using weights = readWeights(input, key);
  const { tensors, model } = weights;
  if (tensors.size === 0) throw none(input);
  saveTensors(output, tensors, metadataOf(tensors, model && JSON.stringify(model)));
  return summary(tensors, [], input);
}

/** From bytes to bytes: also of types that libtorch does not compute with. */
function convertFile(input: string, output: string, key: string | undefined): Converted {
  const stored = storedIn(readWhole(input), input, key === undefined ? {} : { key });
  const entries = new Map([...stored.entries].filter(([, { dtype }]) => codeOf(dtype) !== undefined));
  const left = [...stored.entries].filter(([name]) => !entries.has(name));
  if (entries.size === 0) throw none(input);
  writeFileAtomic(output, serialiseSafetensors(entries, metadataOf(entries, stored.metadata.get("model"))));
  const words = left.slice(0, 3).map(([name, { dtype }]) => `${quote(name)} (${dtype})`);
  return summary(
    entries,
    [
      ...(stored.note === undefined ? [] : [stored.note]),
      ...(left.length > 0
        ? [`${input}: left out ${left.length}, of types that safetensors has not: ${words.join(", ")}`]
        : []),
    ],
    input,
  );
}

const none = (input: string): CheckpointError =>
  new CheckpointError(`${input}: holds no tensors that safetensors can hold`, { path: input });

/** What the file is, for people, and the settings that no tensor shows. */
function metadataOf(tensors: Shapes, model: string | undefined): Map<string, string> {
  const architecture = recognise(tensors);
  return new Map([
    ...(architecture ? [["architecture", JSON.stringify(architecture)] as const] : []),
    ...(model === undefined ? [] : [["model", model] as const]),
  ]);
}

const summary = (tensors: Shapes, notes: string[], input: string): Converted => ({
  tensors: tensors.size,
  numbers: [...tensors.values()].reduce((sum, { shape }) => sum + numelOf(shape), 0),
  architecture: recognise(tensors),
  what: describeTensors(tensors, configBeside(input)),
  notes,
});
