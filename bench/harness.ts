/**
 * @file How two sides are compared: in turns, after a warm-up, a fixed number of times, on the same machine and
 * threads. What is reported is medians, their spread, and two ratios that should agree.
 */

import type { Library } from "./python.ts";
import type { Side } from "./side.ts";
import { median, type Summary, summarise } from "./statistics.ts";

export interface Goal {
  /** What is compared with `value`: the ratio to the peer, or our own number. */
  of: "ratio" | "ours";
  /** Whether reached means at most or at least `value`. */
  at: "most" | "least";
  value: number;
}

/** One measured number. */
export interface Row {
  question: string;
  what: string;
  unit: string;
  ours: Summary;
  peer?: Summary;
  /** Ours over the peer's, in the row's unit: of medians, and the median over pairs measured one after the other. */
  ratio?: { ofMedians: number; ofPairs: number };
  goal?: Goal;
  note?: string;
}

export interface Context {
  /** Two tiny rounds that only show that the bench runs. */
  quick: boolean;
  threads: number;
  /** Where the steps are computed: `cpu`, `cuda` or `cuda:N`. */
  device: string;
  say(text: string): void;
}

export interface Bench {
  name: string;
  about: string;
  /** The Python library that it needs, if any. */
  peer: false | Library;
  run(context: Context): Promise<Row[]>;
}

export interface Plan {
  rounds: number;
  /** Iterations of one round, the same on both sides. */
  iterations: number;
  warmup: number;
}

/**
 * Seconds of one iteration, round by round, for each side. The sides take turns, and every second round in the other
 * direction (A B, B A, …): a drift of the machine meets them alike.
 */
export async function interleave(sides: readonly Side[], plan: Plan): Promise<number[][]> {
  const seconds: number[][] = sides.map(() => []);
  for (const side of sides) if (plan.warmup > 0) await side.run(plan.warmup);
  for (let round = 0; round < plan.rounds; round++) {
    const order = sides.map((_, i) => (round % 2 === 0 ? i : sides.length - 1 - i));
    for (const i of order) seconds[i]!.push((await sides[i]!.run(plan.iterations)) / plan.iterations);
  }
  return seconds;
}

/** Seconds of both sides as numbers in the row's unit. */
export function compare(
  oursSeconds: readonly number[],
  peerSeconds: readonly number[],
  convert: (seconds: number) => number,
): Required<Pick<Row, "ours" | "peer" | "ratio">> {
  const ours = oursSeconds.map(convert);
  const peer = peerSeconds.map(convert);
  const ofMedians = median(ours) / median(peer);
  const ofPairs = median(ours.map((value, round) => value / peer[round]!));
  return { ours: summarise(ours), peer: summarise(peer), ratio: { ofMedians, ofPairs } };
}

/** Whether the goal is reached by both ratios (or by our number); undefined where there is none. */
export function reached({ goal, ours, ratio }: Row): boolean | undefined {
  if (goal === undefined) return undefined;
  const measured = goal.of === "ours" ? [ours.median] : ratio ? [ratio.ofMedians, ratio.ofPairs] : [];
  if (measured.length === 0) return undefined;
  return measured.every((value) => (goal.at === "most" ? value <= goal.value : value >= goal.value));
}
