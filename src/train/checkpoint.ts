/** @file Checkpoints: what a run is resumed, evaluated and shipped from. */

import { CheckpointError } from "../base/errors.ts";
import type { LoadedCheckpoint } from "./checkpoint-load.ts";

export { restoreBest } from "./best.ts";
export { type CheckpointEntry, holds, listCheckpoints, prepareCheckpoints } from "./checkpoint-folder.ts";
export { type LoadedCheckpoint, loadCheckpoint } from "./checkpoint-load.ts";
export { type Snapshot, saveCheckpoint } from "./checkpoint-save.ts";

/** Frees the tensors of a checkpoint in memory. */
export function freeCheckpoint({ model, optimizer, ema }: LoadedCheckpoint): void {
  for (const tensors of [model, optimizer, ema])
    for (const tensor of tensors?.values() ?? []) tensor.dispose();
}

/**
 * Says in one line that a checkpoint is another model's, before its tensors are compared name by name.
 * @throws {CheckpointError} both configs name a model, and not the same
 */
export function requireModel(checkpoint: Pick<LoadedCheckpoint, "name" | "config">, config: object): void {
  const [saved, wanted] = [modelName(checkpoint.config), modelName(config)];
  if (saved === undefined || wanted === undefined || saved === wanted) return;
  throw new CheckpointError(
    `${checkpoint.name} holds a ${saved}, expected a ${wanted}; give the recipe that it was trained by`,
    { expected: wanted, received: saved },
  );
}

/**
 * What `read` makes of the state of a checkpoint.
 * @throws {CheckpointError} it is not what this method saves, although its checksums hold
 */
export function reading<T>({ name }: Pick<LoadedCheckpoint, "name">, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof TypeError || cause instanceof RangeError)) throw cause;
    throw new CheckpointError(
      `${name}: its state is not what this method saves (${cause.message}); take another checkpoint`,
      { cause },
    );
  }
}

function modelName(config: object): string | undefined {
  const { name } = (config as { model?: { name?: unknown } }).model ?? {};
  return typeof name === "string" ? name : undefined;
}
