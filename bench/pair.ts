/** @file Two ways of computing one thing, in turns on the same libtorch: medians, least times and their ratios. */

import { performance } from "node:perf_hooks";

export interface Pair {
  name: string;
  ours: () => void;
  theirs: () => void;
  rounds: number;
  /** At least this many times faster. */
  goal: number;
}

const time = (run: () => void): number => {
  const start = performance.now();
  run();
  return performance.now() - start;
};
const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;

/** Runs both, ours thrice for each of theirs, after a warm-up, and prints milliseconds and ratios. */
export function compare({ name, ours, theirs, rounds, goal }: Pair): void {
  ours();
  theirs();
  const [a, b]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < 3; i++) a.push(time(ours));
    b.push(time(theirs));
  }
  const show = (label: string, of: (values: readonly number[]) => number) =>
    console.log(
      `${name}, ${label}: ours ${of(a).toFixed(2)} ms, theirs ${of(b).toFixed(2)} ms, ratio ${(of(b) / of(a)).toFixed(1)} (goal ${goal})`,
    );
  show("median", median);
  show("least", (values) => Math.min(...values));
}
