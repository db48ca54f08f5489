/** @file Where a run is: everything but its parts that going on needs. */

import { CheckpointError, type Tensor, UsageError } from "../tensor/index.ts";
import { freeCheckpoint, type LoadedCheckpoint, reading } from "./checkpoint.ts";
import type { Learner, Milestone } from "./learner.ts";
import { olderPosition, olderState } from "./older.ts";
import type { Stateful } from "./stateful.ts";

/** Saved in every checkpoint as plain JSON. Random streams follow from the seed and the step: they have no state. */
export interface Position {
  /** Steps done, over all settings that the run had. */
  step: number;
  /** Epochs done, and steps of the one after them; without epochs, all steps. */
  epoch: number;
  within: number;
  /** The highest score of all evaluations. */
  best: number | null;
  /** The last evaluation, and the step at which it was: one that is due at another step is still to come. */
  milestone: Milestone | null;
  evaluated: number;
  /** Sums of what was logged of this epoch's steps, each times its images; those images. */
  sums: Record<string, number>;
  count: number;
  /** Learning rate of the last step, where there is one. */
  lr?: number | undefined;
  /** Records of this step that metrics.jsonl held when it was saved; an older version did not note them. */
  records?: number | undefined;
  /** Spent on training, evaluation and saving, over all processes that worked on the run. */
  seconds: number;
  /** Seconds of a processor's time, user and system, spent on the same; an older version did not note them. */
  processorSeconds?: number | undefined;
}

/** Before the first step. */
export const start = (): Position => ({
  ...{ step: 0, epoch: 0, within: 0, best: null, milestone: null, evaluated: 0 },
  ...{ sums: {}, count: 0, records: 0, seconds: 0, processorSeconds: 0 },
});

type Parts = Readonly<Record<string, Stateful>>;

/** What all parts save, file by file. */
export function savedParts(parts: Parts) {
  const saved = Object.entries(parts).map(([name, part]) => ({ name, ...part.saved() }));
  const all = (file: "model" | "optimizer" | "ema") =>
    new Map(saved.flatMap((each) => [...(each[file] ?? [])]));
  const ema = all("ema");
  return {
    ...{ model: all("model"), optimizer: all("optimizer"), ...(ema.size > 0 && { ema }) },
    states: Object.fromEntries(saved.flatMap(({ name, state }) => (state ? [[name, state]] : []))),
  };
}

/** Whether saving needs all processes. */
export const isShared = (parts: Parts): boolean => Object.values(parts).some(({ shared }) => shared);

/** The optimiser's tensors that are shared out, rank by rank; nothing where none are. Every rank asks, rank 0 is told. */
export function sharedParts(parts: Parts): Map<string, Tensor>[] | undefined {
  const all = Object.values(parts).flatMap(({ shared }) => (shared ? [shared()] : []));
  return all[0]?.map((_, rank) => new Map(all.flatMap((part) => [...part[rank]!])));
}

/**
 * Restores a learner's parts from a checkpoint, and frees that.
 * @returns where the run was
 * @throws {CheckpointError} it is of no such learner
 * @throws {UsageError} half an epoch is done in batches that are others now
 */
export function takeUp<Batch>(learner: Learner<Batch>, resume: LoadedCheckpoint): Position {
  try {
    const { parts: states, ...saved } = resume.state as Partial<Position> & {
      parts?: Record<string, object>;
    };
    const position = {
      ...start(),
      ...(states === undefined ? olderPosition(resume, learner.perEpoch) : saved),
    };
    requireEpochs(resume, position, learner.perEpoch);
    reading(resume, () => {
      for (const [name, part] of Object.entries(learner.parts)) {
        const state = states === undefined ? olderState(resume, learner.parts, name) : (states[name] ?? {});
        part.restore({ ...resume, state });
      }
    });
    return position;
  } finally {
    freeCheckpoint(resume);
  }
}

/** Settings that say which images are in which batch of an epoch. */
const ORDER = /^(train\.(batchSize|accumulate)|seed|data\.name|dataset\.fingerprint)$/;

function requireEpochs(
  { name, changed = [] }: LoadedCheckpoint,
  { within }: Position,
  perEpoch?: number,
): void {
  const other = changed.find((path) => ORDER.test(path));
  if (perEpoch === undefined || within % perEpoch === 0 || other === undefined) return;
  const what = other.startsWith("dataset.") ? "the data set's contents" : other;
  throw new UsageError(
    `resume: ${name} lies within an epoch, whose batches ${what} changes; resume from the end of an epoch, or keep it`,
  );
}

/**
 * What a part of a run saved as plain JSON, for those who look at a checkpoint without going on from it.
 * @throws {CheckpointError} it saved none
 */
export function stateOf(checkpoint: Pick<LoadedCheckpoint, "name" | "state">, part: string): object {
  const { parts, learner } = checkpoint.state as { parts?: Record<string, object>; learner?: object };
  const state = parts === undefined ? (learner ?? checkpoint.state) : parts[part];
  if (state !== undefined) return state;
  throw new CheckpointError(`${checkpoint.name}: its state has no "${part}"; take another checkpoint`);
}
