/** @file Weights to begin from: of a run, of one of its checkpoints, of a file. */

import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { hint } from "../../base/nearest.ts";
import { underNewNames } from "../../base/renamed.ts";
import { CheckpointError, loadTensors, type Tensor, UsageError } from "../../tensor/index.ts";
import { under } from "../../tensor/stored.ts";
import { freeCheckpoint, loadCheckpoint } from "../checkpoint.ts";
import { configBeside, elsewhere } from "./elsewhere.ts";

export interface Weights extends Disposable {
  /** By the authors' names, without prefixes. */
  tensors: Map<string, Tensor>;
  /** The `model` of the recipe they were trained by, where they come from a run or say it. */
  model?: Readonly<Record<string, unknown>>;
  /** Why ours cannot compute another library's network. */
  refused?: string;
  /** What of a file was read and what else is there, and where its settings are from; one line each. */
  notes: string[];
}

/**
 * The weights at a path, averaged ones where a run has them; the caller frees them.
 *
 * @param path a run folder (its best checkpoint, or its last), a checkpoint's folder, the pointer `last` or `best` beside it,
 *   a file: .safetensors, .pth, .pt, .th
 * @param key the part of a file, as in `loadTensors`, or of a checkpoint, such as `student.backbone`; found when not given
 * @throws {UsageError} there is nothing there; {CheckpointError} damaged, no such part, or it is not clear where the weights
 *   are
 */
export function readWeights(path: string, key?: string): Weights {
  if (!existsSync(path))
    throw new UsageError(`${path}: nothing there; expected a run folder, a checkpoint or a file of weights`, {
      path,
    });
  if (isPointer(path)) return checkpointWeights(dirname(path), basename(path), path, key);
  if (!statSync(path).isDirectory()) return fileWeights(path, key);
  if (isHubFolder(path)) return fileWeights(join(path, HUB_FILE), key);
  const checkpoints = join(path, "checkpoints");
  const inside = existsSync(join(path, "SHA256SUMS"));
  if (!inside && !existsSync(checkpoints))
    throw new UsageError(
      `${path}: expected a run folder or a checkpoint, but it has neither checkpoints nor SHA256SUMS`,
      {
        path,
      },
    );
  if (inside) return checkpointWeights(checkpoints, resolve(path), path, key);
  const best = existsSync(join(checkpoints, "best")) ? "best" : "last";
  return checkpointWeights(checkpoints, best, path, key);
}

/** `last` or `best` of a run: a line with a checkpoint's name. */
const isPointer = (path: string): boolean =>
  /^(last|best)$/.test(basename(path)) && statSync(path).isFile() && statSync(path).size < 100;

/** The weights in a folder of the Hugging Face hub, as `vitrine export --format hf` writes one. */
const HUB_FILE = "model.safetensors";
const isHubFolder = (path: string): boolean =>
  existsSync(join(path, HUB_FILE)) &&
  existsSync(join(path, "config.json")) &&
  !existsSync(join(path, "SHA256SUMS"));

/**
 * The file of weights that a path means: itself, or that of a folder for the hub or of a checkpoint, or of the checkpoint
 * that a pointer names.
 */
export function weightsFile(path: string): string {
  if (!existsSync(path)) return path;
  if (isPointer(path)) return weightsFile(join(dirname(path), readFileSync(path, "utf8").trim()));
  return existsSync(join(path, "SHA256SUMS")) || isHubFolder(path) ? join(path, HUB_FILE) : path;
}

function checkpointWeights(folder: string, name: string, path: string, key: string | undefined): Weights {
  const loaded = loadCheckpoint(folder, name);
  if (loaded === undefined) throw new CheckpointError(`${path}: no checkpoint yet; train first`, { path });
  const { model } = underNewNames(loaded.config).values as { model?: Weights["model"] };
  const all = new Map([...loaded.model, ...(loaded.ema ?? [])]);
  const dispose = () => freeCheckpoint(loaded);
  try {
    const { tensors, note } = partOf(all, path, key);
    return {
      tensors,
      ...(model && { model }),
      notes: note === undefined ? [] : [note],
      [Symbol.dispose]: dispose,
    };
  } catch (error) {
    dispose();
    throw error;
  }
}

/** Of self-distillation: the network whose features are used, and the one that is trained. */
const TEACHER = "teacher.backbone";

/** The tensors under a key, without it; without one all of them, of a student and its teacher the teacher's encoder. */
function partOf(
  all: Map<string, Tensor>,
  path: string,
  key: string | undefined,
): { tensors: Map<string, Tensor>; note?: string } {
  if (key !== undefined) {
    const tensors = under(all, key);
    if (tensors.size > 0) return { tensors };
    const parts = [...new Set([...all.keys()].map((name) => name.split(".").slice(0, 2).join(".")))];
    throw new CheckpointError(`${path}: no tensor's name begins with "${key}."${hint(key, parts)}`, { path });
  }
  const tensors = under(all, TEACHER);
  if (tensors.size === 0) return { tensors: all };
  return { tensors, note: `${path}: read ${TEACHER}; --key student.backbone reads the other` };
}

function fileWeights(path: string, key: string | undefined): Weights {
  const { tensors: read, note, metadata } = loadTensors(path, key === undefined ? {} : { key });
  const settings = settingsOf(path, metadata);
  const other = elsewhere(path, read);
  const tensors = other?.tensors ?? read;
  const model = settings?.model ?? other?.model;
  return {
    tensors,
    ...(model && { model }),
    ...(other?.refused !== undefined && { refused: other.refused }),
    notes: [
      ...(note === undefined ? [] : [note]),
      ...(settings ? [`${path}: settings are ${settings.from}`] : []),
      ...(other?.notes ?? []),
    ],
    [Symbol.dispose]() {
      for (const tensor of new Set([...read.values(), ...tensors.values()])) tensor.dispose();
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
  if (isSettings(own)) return { model: modelOf({ model: own }), from: "those that it was converted with" };
  const beside = configBeside(path);
  const from = `of config.json beside it`;
  return isSettings(beside.model) ? { model: modelOf(beside), from } : undefined;
}

/** The model's settings, whichever version wrote them. */
const modelOf = (config: Settings): Settings => (underNewNames(config).values as { model: Settings }).model;

function parsed(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined; // not ours
  }
}
