/** @file Weights to begin from: of a run, of one of its checkpoints, of a file. */

import { existsSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { CheckpointError, loadTensors, type Tensor, UsageError } from "../../tensor/index.ts";
import { freeCheckpoint, loadCheckpoint } from "../../train/checkpoint.ts";

export interface Weights extends Disposable {
  /** By the authors' names, without prefixes. */
  tensors: Map<string, Tensor>;
  /** The `model` of the recipe they were trained by, where they come from a run. */
  model?: Readonly<Record<string, unknown>>;
}

/**
 * The weights at a path, averaged ones where a run has them; the caller frees them.
 *
 * @param path a run folder (its best checkpoint, or its last), a checkpoint's folder, a file: .safetensors, .pth, .pt, .th
 * @throws {UsageError} there is nothing there; {CheckpointError} it is damaged, or more than data
 */
export function readWeights(path: string): Weights {
  if (!existsSync(path))
    throw new UsageError(`${path}: nothing there; expected a run folder, a checkpoint or a file of weights`, {
      path,
    });
  if (!statSync(path).isDirectory()) return fileWeights(path);
  const checkpoints = join(path, "checkpoints");
  const inside = existsSync(join(path, "SHA256SUMS"));
  if (!inside && !existsSync(checkpoints))
    throw new UsageError(
      `${path}: expected a run folder or a checkpoint, but it has neither checkpoints nor SHA256SUMS`,
      {
        path,
      },
    );
  const best = existsSync(join(checkpoints, "best")) ? "best" : "last";
  const loaded = inside ? loadCheckpoint(checkpoints, resolve(path)) : loadCheckpoint(checkpoints, best);
  if (loaded === undefined) throw new CheckpointError(`${path}: no checkpoint yet; train first`, { path });
  const { model } = loaded.config as { model?: Weights["model"] };
  return {
    tensors: new Map([...loaded.model, ...(loaded.ema ?? [])]),
    ...(model && { model }),
    [Symbol.dispose]: () => freeCheckpoint(loaded),
  };
}

function fileWeights(path: string): Weights {
  const { tensors } = loadTensors(path);
  return {
    tensors,
    [Symbol.dispose]() {
      for (const tensor of tensors.values()) tensor.dispose();
    },
  };
}
