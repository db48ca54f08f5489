/** @file The runs of a folder, in one line each, without opening what they hold. */

import { closeSync, existsSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../base/errors.ts";
import { largestOf } from "../base/extremes.ts";
import { type CheckpointEntry, listCheckpoints, pathOf } from "../train/checkpoint-folder.ts";
import { isLocked } from "../train/run-lock.ts";

export interface RunEntry {
  /** The folder's name. */
  run: string;
  method: string;
  model: string;
  data: string;
  /** Of the last checkpoint; 0 before the first. */
  step: number;
  /** What the evaluation of the best checkpoint said, or of the last; empty before the first. */
  result: string;
  /** A live process has the folder. */
  running: boolean;
  /** When something was written last, ISO 8601. */
  changed: string;
  /** What keeps the run from being read. */
  problem?: string;
}

/** Bytes of a recipe or of a checkpoint's state that are read: runs have a few thousand. */
const MOST = 2 ** 20;

/**
 * The runs in a folder, the one that was written to last first. A damaged one is listed with its problem.
 * @throws {UsageError} there is no such folder
 */
export function listRuns(folder: string): RunEntry[] {
  if (!existsSync(folder) || !statSync(folder).isDirectory())
    throw new UsageError(`${folder}: expected a folder of runs; vitrine train makes "runs"`, {
      path: folder,
    });
  const names = readdirSync(folder).filter((name) => existsSync(join(folder, name, "recipe.json")));
  return names
    .map((name) => runEntry(join(folder, name), name))
    .sort((a, b) => (a.changed < b.changed ? 1 : a.changed > b.changed ? -1 : a.run < b.run ? -1 : 1));
}

/** The line of the run folder `path`, under the name `run`. A damaged one has its problem in it. */
export function runEntry(path: string, run: string): RunEntry {
  const entry: RunEntry = {
    run,
    method: "",
    model: "",
    data: "",
    step: 0,
    result: "",
    running: false,
    changed: "",
  };
  try {
    entry.changed = changedOf(path);
    entry.running = isLocked(path);
    const recipe = parsed(join(path, "recipe.json"));
    const named = (part: string) => text(field(field(recipe, part), "name"));
    Object.assign(entry, { method: named("method"), model: named("model"), data: named("data") });
    const saved = checkpointsOf(path);
    const last = saved.find((one) => one.last) ?? saved.at(-1);
    entry.step = last?.step ?? 0;
    const told = saved.find((one) => one.best) ?? last;
    if (told === undefined) return entry;
    const milestone = field(stateOf(path, told.name), "milestone");
    const whole = text(field(field(milestone, "result"), "text")) || text(field(milestone, "text"));
    entry.result = whole.split("\n")[0]!;
  } catch (error) {
    entry.problem = (error as Error).message;
  }
  return entry;
}

const checkpointsOf = (path: string): CheckpointEntry[] => {
  const folder = join(path, "checkpoints");
  return existsSync(folder) ? listCheckpoints(folder) : [];
};

/** What a checkpoint says of the run's way. @throws {Error} damaged */
const stateOf = (path: string, name: string): unknown =>
  field(parsed(join(pathOf(join(path, "checkpoints"), name), "trainer_state.json")), "state");

/** Steps of the last checkpoint, and the one that was evaluated last. @throws {Error} damaged */
export function lastState(path: string): { step?: number; evaluated?: number } {
  const saved = checkpointsOf(path);
  const last = saved.find((one) => one.last) ?? saved.at(-1);
  if (last === undefined) return {};
  const state = stateOf(path, last.name);
  const [step, evaluated] = [field(state, "step"), field(state, "evaluated")];
  return {
    ...(typeof step === "number" && { step }),
    ...(typeof evaluated === "number" && { evaluated }),
  };
}

/** When the run's newest file of its own was written. */
function changedOf(path: string): string {
  const times = ["recipe.json", "metrics.jsonl", "checkpoints"].map((name) => statSync(join(path, name), { throwIfNoEntry: false })?.mtimeMs ?? 0); // biome-ignore format: short
  return new Date(largestOf(times)).toISOString();
}

/** @throws {Error} too large, or no JSON */
function parsed(path: string): unknown {
  const fd = openSync(path, "r");
  try {
    const bytes = Buffer.alloc(Math.min(MOST, statSync(path).size));
    return JSON.parse(bytes.toString("utf8", 0, readSync(fd, bytes)));
  } finally {
    closeSync(fd);
  }
}

const field = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;

const text = (value: unknown): string => (typeof value === "string" ? value : "");
