/** @file The smallest run there is: two epochs of ten batches on synthetic images, a tenth of a second. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { TrainRunOptions } from "../src/method/index.ts";
import { isOf, type Recipe, type RecipeOf, resolveRecipe } from "../src/method/recipe.ts";
import { type MetricsRecord, readMetrics } from "../src/train/metrics.ts";

/** Settings by dotted path, over those of the tiny run. */
export type Settings = Readonly<Record<string, unknown>>;

const TINY: Settings = {
  name: "tiny",
  "model.name": "crate",
  "model.dim": 16,
  "model.depth": 1,
  "model.heads": 2,
  "model.patch": 4,
  "model.imageSize": 8,
  "data.name": "synthetic", // 640 images to train on, 160 to test on, 10 classes
  "train.epochs": 2,
  "train.batchSize": 64,
  "train.lr": 0.01,
  "train.threads": 1,
  "train.device": "cpu",
  "train.logInterval": 1,
};

export function tiny(settings: Settings = {}): RecipeOf<"supervised"> {
  const tree: Record<string, unknown> = {};
  for (const [path, value] of Object.entries({ ...TINY, ...settings })) {
    const names = path.split(".");
    const last = names.pop()!;
    let at = tree;
    for (const name of names) {
      at[name] ??= {};
      at = at[name] as Record<string, unknown>;
    }
    at[last] = value;
  }
  return supervised(resolveRecipe([{ origin: "tiny", values: tree }]).recipe);
}

export const quietly = (output: string, more: Partial<TrainRunOptions> = {}): TrainRunOptions => ({
  output,
  progress: "none",
  tensorboard: false,
  allowConfigChange: false,
  ...more,
});

/** The records of a run without what depends on the machine's speed and memory. */
export function records(folder: string): MetricsRecord[] {
  return readMetrics(join(folder, "metrics.jsonl")).map(
    (record) =>
      Object.fromEntries(
        Object.entries(record).filter(([name]) => !/^(time|system)\//.test(name)),
      ) as unknown as MetricsRecord,
  );
}

/** SHA-256 of the tensors of a run's last checkpoint, file by file, and the state that is saved with them. */
export function lastCheckpoint(folder: string): {
  name: string;
  hashes: object;
  state: Record<string, unknown>;
} {
  const checkpoints = join(folder, "checkpoints");
  const name = readFileSync(join(checkpoints, "last"), "utf8").trim();
  const read = (file: string) => readFileSync(join(checkpoints, name, file));
  const files = read("SHA256SUMS")
    .toString()
    .match(/\w+\.safetensors/g)!;
  const hashes = Object.fromEntries(
    files.map((file) => [file, createHash("sha256").update(read(file)).digest("hex")]),
  );
  const { processorSeconds: _, ...state } = JSON.parse(read("trainer_state.json").toString()).state;
  return { name, hashes, state };
}

/** The recipe, known to be a classifier's. */
export function supervised(recipe: Recipe): RecipeOf<"supervised"> {
  if (!isOf(recipe, "supervised")) throw new Error(`${recipe.name} is a recipe of ${recipe.method.name}`);
  return recipe;
}
