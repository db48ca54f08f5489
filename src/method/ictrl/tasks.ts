/** @file Classes that arrive in groups, and what a method knows after each group. */

import { largestOf } from "../../base/extremes.ts";
import { type ImageSet, subset } from "../../data/index.ts";
import { UsageError } from "../../tensor/index.ts";

/** Splits classes 0 … classes − 1 into tasks of equal size, in order. @throws {UsageError} it does not divide */
export function splitClasses(classes: number, tasks: number): number[][] {
  if (!(Number.isInteger(tasks) && tasks >= 1 && classes % tasks === 0))
    throw new UsageError(`tasks: expected a number that divides the ${classes} classes, got ${tasks}`);
  const step = classes / tasks;
  return Array.from({ length: tasks }, (_, t) => Array.from({ length: step }, (_, i) => t * step + i));
}

/** The images of some classes; labels stay what they are. @throws {UsageError} there are none */
export function ofClasses(set: ImageSet, classes: readonly number[]): ImageSet {
  const wanted = new Set(classes);
  const indices = Array.from(set.labels.keys()).filter((i) => wanted.has(set.labels[i]!));
  if (indices.length === 0)
    throw new UsageError(`${set.name}: expected images of the classes ${classes.join(", ")}, found none`);
  return subset(set, indices);
}

/**
 * Accuracies after each task, as shares: `matrix[t][s]` on the test images of task s once task t is learned (the task
 * is not told), `seen[t]` on all test images of the classes seen by then.
 */
export interface Progression {
  matrix: number[][];
  seen: number[];
}

/** The last accuracy, and the mean of the whole list with the first model in it, as the authors' code prints it. */
export const lastAndAverage = ({ seen }: Pick<Progression, "seen">): { last: number; average: number } => ({
  last: seen.at(-1) ?? Number.NaN,
  average: seen.reduce((sum, share) => sum + share, 0) / seen.length,
});

/**
 * Adds the accuracies after a task, from what was predicted.
 * @param tasks classes of the tasks learned so far
 */
export function addAccuracies(
  progression: Progression,
  tasks: readonly (readonly number[])[],
  predicted: ArrayLike<number>,
  labels: ArrayLike<number>,
): void {
  const taskOf = new Map(tasks.flatMap((classes, t) => classes.map((k) => [k, t] as const)));
  const right = tasks.map(() => 0);
  const count = tasks.map(() => 0);
  for (let i = 0; i < labels.length; i++) {
    const t = taskOf.get(labels[i]!)!;
    count[t]!++;
    if (predicted[i] === labels[i]) right[t]!++;
  }
  const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
  progression.matrix.push(right.map((value, t) => value / count[t]!));
  progression.seen.push(sum(right) / sum(count));
}

/** The accuracies as a table for people: a row after each group, a column for each group, and all seen. */
export function progressionTable({ matrix, seen }: Progression): string {
  const percent = (share: number) => (100 * share).toFixed(2).padStart(7);
  const width = largestOf(matrix.map((row) => row.length));
  const head = `after   ${Array.from({ length: width }, (_, t) => `group ${t + 1}`.padStart(7)).join(" ")}     all`;
  const rows = matrix.map((row, t) => {
    const cells = Array.from({ length: width }, (_, s) =>
      s < row.length ? percent(row[s]!) : "".padStart(7),
    );
    return `${String(t + 1).padEnd(7)} ${cells.join(" ")} ${percent(seen[t]!)}`;
  });
  return [head, ...rows].join("\n");
}
