/** @file What is known of classes in groups: accuracies after each, and what was carried from one to the next. */

import { inPercent, percent } from "../../base/percent.ts";
import type { LoadedCheckpoint } from "../../train/checkpoint.ts";
import type { Milestone } from "../../train/learner.ts";
import { stateOf } from "../../train/position.ts";
import { lastAndAverage, type Progression, progressionTable } from "../ictrl/tasks.ts";
import type { Scores } from "../method.ts";

/** What a checkpoint says besides tensors. */
export interface GroupState {
  progression: Progression;
  /** Carried from group to group besides the net. */
  bytes: number;
}

/** The end of a group. */
export function milestoneOf(state: GroupState): Milestone {
  const { progression, bytes } = state;
  const { last, average } = lastAndAverage(progression);
  return {
    numbers: { ...inPercent({ "eval/seen": last, "eval/average": average }), "memory/bytes": bytes },
    text: `group ${progression.seen.length}  accuracy on the classes seen ${percent(last)}`,
    result: scoresOf(state),
  };
}

/** All groups so far, as a table. */
export function scoresOf({ progression, bytes }: GroupState): Scores {
  if (progression.seen.length === 0)
    return { numbers: { memoryBytes: bytes }, text: "no group is learned yet" };
  const { last, average } = lastAndAverage(progression);
  const head = `Last ${percent(last)}, Avg ${percent(average)}, memory ${bytes.toLocaleString("en")} bytes`;
  return {
    numbers: { ...inPercent({ last, average }), memoryBytes: bytes },
    text: `${head}\n\n${progressionTable(progression)}`,
  };
}

/** Of a checkpoint. */
export const groupStateOf = (checkpoint: LoadedCheckpoint): GroupState =>
  stateOf(checkpoint, "groups") as GroupState;
