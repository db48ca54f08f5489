/** @file What a run says of its best checkpoint, read from its files. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { CheckpointError } from "../base/errors.ts";
import { listTensors } from "../measure/tensor-list.ts";
import { listCheckpoints, pathOf } from "../train/checkpoint-folder.ts";

const saved = z.object({
  state: z.object({
    milestone: z
      .object({
        numbers: z.record(z.string(), z.number()),
        score: z.number().optional(),
        scored: z.string().optional(),
      })
      .nullable(),
  }),
});

/** The evaluation that made a checkpoint the best. */
export interface BestEvaluation {
  /** Name of the number, without `eval/`. */
  figure: string;
  value: number;
  /** The larger the better. */
  score: number;
}

/** Nothing where the run's method has no score. @throws {CheckpointError} the checkpoint's state is damaged */
export function bestEvaluation(run: string): BestEvaluation | undefined {
  const path = join(bestFolder(run), "trainer_state.json");
  const found = saved.safeParse(JSON.parse(readFileSync(path, "utf8")));
  if (!found.success)
    throw new CheckpointError(`${path}: expected an evaluation with its numbers; train the run again`, {
      path,
    });
  const { numbers, score, scored } = found.data.state.milestone ?? { numbers: {} };
  const value = scored === undefined ? undefined : numbers[scored];
  if (score === undefined || scored === undefined || value === undefined) return undefined;
  return { figure: scored.replace(/^eval\//, ""), value, score };
}

/** Numbers of a model that are learned: its tensors, but for the statistics of batch normalisation. */
export function parametersOf(run: string): number {
  const { tensors } = listTensors(join(bestFolder(run), "model.safetensors"));
  const learned = tensors.filter(({ name }) => !/running_(mean|var)$|num_batches_tracked$/.test(name));
  return learned.reduce((sum, { shape }) => sum + shape.reduce((product, side) => product * side, 1), 0);
}

/** @throws {CheckpointError} there is none yet */
function bestFolder(run: string): string {
  const folder = join(run, "checkpoints");
  const entries = listCheckpoints(folder);
  const best = entries.find((entry) => entry.best) ?? entries.at(-1);
  if (best === undefined) throw new CheckpointError(`${run}: no checkpoint yet`, { path: run });
  return pathOf(folder, best.name);
}

/**
 * The same figure among the numbers of `vitrine eval`: `knn`, or of a method that measures several nets `teacher/knn`.
 */
export const figureIn = (numbers: Readonly<Record<string, number>>, figure: string): number | undefined =>
  numbers[figure] ?? Object.entries(numbers).find(([name]) => name.endsWith(`/${figure}`))?.[1];
