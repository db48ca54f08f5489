/** @file How well clusters agree with labels: accuracy, mutual information, Rand index. */

import { UsageError } from "../../tensor/index.ts";
import { assignment } from "./assignment.ts";

/** How many samples have the i-th label and the j-th cluster. */
function contingency(labels: ArrayLike<number>, assigned: ArrayLike<number>): number[][] {
  if (labels.length !== assigned.length || labels.length === 0)
    throw new UsageError(
      `clustering: expected as many labels as clusters, at least one, got ${labels.length} and ${assigned.length}`,
    );
  const [rows, columns] = [ranks(labels), ranks(assigned)];
  const table = Array.from({ length: rows.size }, () => new Array<number>(columns.size).fill(0));
  for (let i = 0; i < labels.length; i++) table[rows.get(labels[i]!)!]![columns.get(assigned[i]!)!]!++;
  return table;
}

/** Distinct values in order of appearance. */
function ranks(values: ArrayLike<number>): Map<number, number> {
  const found = new Map<number, number>();
  for (let i = 0; i < values.length; i++) if (!found.has(values[i]!)) found.set(values[i]!, found.size);
  return found;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const rowSums = (table: readonly number[][]): number[] => table.map(sum);
const columnSums = (table: readonly number[][]): number[] =>
  table[0]!.map((_, j) => sum(table.map((row) => row[j]!)));

/** Share of samples that are right under the best one-to-one match of clusters with labels: 0 to 1. */
export function clusteringAccuracy(labels: ArrayLike<number>, assigned: ArrayLike<number>): number {
  const table = contingency(labels, assigned);
  const matched = assignment(table.map((row) => row.map((count) => -count)));
  return sum(matched.map((j, i) => (j < 0 ? 0 : table[i]![j]!))) / labels.length;
}

/**
 * Normalised mutual information, I(labels; clusters) over the mean of both entropies: 0 to 1; 1 where both put all
 * samples into one group.
 */
export function nmi(labels: ArrayLike<number>, assigned: ArrayLike<number>): number {
  const table = contingency(labels, assigned);
  const n = labels.length;
  const [a, b] = [rowSums(table), columnSums(table)];
  const entropy = (counts: readonly number[]) =>
    -sum(counts.map((count) => (count / n) * Math.log(count / n)));
  const mean = (entropy(a) + entropy(b)) / 2;
  if (mean === 0) return 1;
  const terms = table.flatMap((row, i) =>
    row.map((count, j) => (count === 0 ? 0 : (count / n) * Math.log((n * count) / (a[i]! * b[j]!)))),
  );
  return Math.min(1, Math.max(0, sum(terms) / mean));
}

/** Rand index adjusted for chance: 1 for equal partitions, about 0 for unrelated ones, at least −1. */
export function ari(labels: ArrayLike<number>, assigned: ArrayLike<number>): number {
  const table = contingency(labels, assigned);
  const pairs = (counts: readonly number[]) => sum(counts.map((count) => (count * (count - 1)) / 2));
  const together = pairs(table.flat());
  const [a, b] = [pairs(rowSums(table)), pairs(columnSums(table))];
  const all = pairs([labels.length]);
  const expected = all === 0 ? 0 : (a * b) / all;
  const most = (a + b) / 2;
  return most === expected ? 1 : (together - expected) / (most - expected);
}
