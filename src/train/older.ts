/** @file Checkpoints as versions before 0.2 saved them: what they say in other words. */

import { inPercent } from "../base/percent.ts";
import { CheckpointError } from "../tensor/index.ts";
import type { LoadedCheckpoint } from "./checkpoint.ts";
import { Descent } from "./descent.ts";
import type { Milestone } from "./learner.ts";
import type { Position } from "./position.ts";
import type { Stateful } from "./stateful.ts";

/** A classifier's scores, as shares. */
interface Evaluation {
  top1: number;
  top5: number;
  loss: number;
  count: number;
}

interface OlderState {
  step?: number;
  best?: number | null;
  seconds?: number;
  records?: number;
  lr?: number;
  /** Of a classifier: batches done in the epoch, its sums and its evaluation. */
  epoch?: number;
  batch?: number;
  sums?: { loss: number; correct: number; count: number };
  evaluation?: Evaluation | null;
  /** Of all other methods. */
  milestone?: Milestone | null;
  evaluated?: number;
  learner?: OlderSteps;
}

/** Of one optimiser, of several, or of DINO's groups. */
interface OlderSteps {
  steps?: number | readonly number[];
  updates?: readonly number[];
}

/** @throws {CheckpointError} it does not say the step that it is from, or what else it says is none of such a version */
export function olderPosition({ name, state }: LoadedCheckpoint, perEpoch = 1): Partial<Position> {
  const { step, epoch, batch, sums, evaluation, learner, ...rest } = state as OlderState;
  if (learner !== undefined && !isTree(learner))
    throw new CheckpointError(
      `${name}: expected the state of a learner by name, got ${JSON.stringify(learner)}; take another checkpoint`,
    );
  const isLearner = learner !== undefined && Number.isSafeInteger(step);
  const isClassifier = [step, epoch, batch].every(Number.isSafeInteger);
  if (step === undefined || !(isLearner || isClassifier))
    throw new CheckpointError(
      `${name} does not say the step it is from, as versions that could not go on saved it; start afresh in another folder`,
    );
  const common = { step, records: undefined };
  if (isLearner) return { evaluated: step, within: step, ...rest, ...common };
  const within = batch === 0 ? 0 : step - epoch! * perEpoch;
  const { best = null, seconds = 0, lr, records } = rest;
  const position = { ...common, epoch: epoch!, within, best, seconds, lr, records, evaluated: -1 };
  const { loss = 0, correct = 0, count = 0 } = sums ?? {};
  const means = { sums: { "train/loss": loss, "epoch/top1": 100 * correct }, count };
  if (!evaluation) return { ...position, ...means };
  return { ...position, ...means, evaluated: step, milestone: milestoneOf(evaluation, epoch!) };
}

function milestoneOf(evaluation: Evaluation, epochs: number): Milestone {
  const { top1, top5, loss } = evaluation;
  const text = `test accuracy ${(100 * top1).toFixed(1)} %, loss ${loss.toFixed(4)}, after ${epochs} epochs`;
  return {
    numbers: {},
    text,
    score: top1,
    result: { numbers: { ...evaluation, ...inPercent({ top1, top5 }), epochs }, text },
  };
}

/**
 * The state of a part: of a descent its steps, of any other what was saved of all together.
 * @throws {CheckpointError} it has the steps of more or fewer optimisers than the parts
 */
export function olderState(
  { name: checkpoint, state }: LoadedCheckpoint,
  parts: Readonly<Record<string, Stateful>>,
  name: string,
): object {
  const { learner, step } = state as OlderState;
  if (!(parts[name] instanceof Descent)) return learner ?? {};
  const descents = Object.keys(parts).filter((key) => parts[key] instanceof Descent);
  const steps = learner === undefined ? [step] : [learner.steps ?? learner.updates ?? []].flat();
  if (steps.length !== descents.length)
    throw new CheckpointError(
      `${checkpoint}: expected the steps of ${descents.length} optimisers, got ${JSON.stringify(steps)}; take another checkpoint`,
    );
  return { steps: steps[descents.indexOf(name)] };
}

const isTree = (value: unknown): boolean =>
  typeof value === "object" && value !== null && !Array.isArray(value);
