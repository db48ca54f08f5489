/** @file Weights to begin from: of a run, of one of its checkpoints, of a file. */

import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { CheckpointError, loadTensors, type Tensor, UsageError } from "../../tensor/index.ts";
import { freeCheckpoint, loadCheckpoint } from "../checkpoint.ts";

export interface Weights extends Disposable {
  /** By the authors' names, without prefixes. */
  tensors: Map<string, Tensor>;
  /** The `model` of the recipe they were trained by, where they come from a run or say it. */
  model?: Readonly<Record<string, unknown>>;
  /** What of a file was read and what else is there, and where its settings are from; one line each. */
  notes: string[];
}

/**
 * The weights at a path, averaged ones where a run has them; the caller frees them.
 *
 * @param path a run folder (its best checkpoint, or its last), a checkpoint's folder, a file: .safetensors, .pth, .pt, .th
 * @param key the part of a file, as in `loadTensors`; found when not given
 * @throws {UsageError} there is nothing there, or a key for what is no file; {CheckpointError} damaged, or it is not clear
 *   where the weights are
 */
export function readWeights(path: string, key?: string): Weights {
  if (!existsSync(path))
    throw new UsageError(`${path}: nothing there; expected a run folder, a checkpoint or a file of weights`, {
      path,
    });
  if (!statSync(path).isDirectory()) return fileWeights(path, key);
  if (key !== undefined)
    throw new UsageError(`${path}: a key names a part of a file; a run and a checkpoint have none`, { path });
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
    notes: [],
    [Symbol.dispose]: () => freeCheckpoint(loaded),
  };
}

function fileWeights(path: string, key: string | undefined): Weights {
  const { tensors, note, metadata } = loadTensors(path, key === undefined ? {} : { key });
  const settings = settingsOf(path, metadata);
  return {
    tensors,
    ...(settings && { model: settings.model }),
    notes: [
      ...(note === undefined ? [] : [note]),
      ...(settings ? [`${path}: settings are ${settings.from}`] : []),
    ],
    [Symbol.dispose]() {
      for (const tensor of tensors.values()) tensor.dispose();
    },
  };
}

type Settings = Readonly<Record<string, unknown>>;
const isSettings = (value: unknown): value is Settings =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The model's settings as `convert` writes them into a file, or those of the checkpoint that the file is in. */
function settingsOf(
  path: string,
  metadata: ReadonlyMap<string, string>,
): { model: Settings; from: string } | undefined {
  const own = parsed(metadata.get("model"));
  if (isSettings(own)) return { model: own, from: "those that it was converted with" };
  const config = join(dirname(path), "config.json");
  const beside = existsSync(config) ? parsed(readFileSync(config, "utf8")) : undefined;
  if (isSettings(beside) && isSettings(beside.model)) return { model: beside.model, from: `of ${config}` };
  return undefined;
}

function parsed(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined; // not ours
  }
}
