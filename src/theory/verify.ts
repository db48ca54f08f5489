/** @file Runs claims: each from its own random stream, timed, judged by its numbers alone. */

import { hint, native, random, scope, UsageError } from "../tensor/index.ts";
import { type Claim, type Measure, passes } from "./claim.ts";
import { claims } from "./claims.ts";
import type { Plot } from "./plot.ts";

export interface VerifyOptions {
  quick?: boolean;
  /** Of all random numbers; 42 when left out. */
  seed?: number;
  /** Called after each claim. */
  progress?: (outcome: Outcome) => void;
}

/** A claim and what became of it. */
export interface Outcome {
  name: string;
  title: string;
  source: string;
  expected: string;
  measured: string;
  /** "holds", "holds where …", "fails as understood: …" or "fails". */
  verdict: string;
  /** Whether every number is in its range; false makes the verdict "fails". */
  passed: boolean;
  /** Of processor time: on one thread the time it takes, whatever else the machine does. */
  seconds: number;
  numbers: Readonly<Record<string, Measure>>;
  plot: Plot;
}

/** Runs one claim. Equal seeds give equal numbers. */
export function verifyClaim(claim: Claim, { quick = false, seed = 42 }: VerifyOptions = {}): Outcome {
  const { name, title, source, expected } = claim;
  const begun = process.cpuUsage();
  const result = scope(() => claim.run({ random: random(seed).at(`theory.${name}`), quick }), name);
  const { user, system } = process.cpuUsage(begun);
  const seconds = (user + system) / 1e6;
  const passed = Object.values(result.numbers).every(passes);
  const plot = rounded(result.plot);
  return { name, title, source, expected, ...result, plot, verdict: verdict(claim, passed), passed, seconds };
}

/** Six digits are more than a figure shows, and keep reports small. */
function rounded<T>(tree: T): T {
  if (typeof tree === "number") return Number(tree.toPrecision(6)) as T;
  if (Array.isArray(tree)) return tree.map(rounded) as T;
  if (typeof tree !== "object" || tree === null) return tree;
  return Object.fromEntries(Object.entries(tree).map(([key, value]) => [key, rounded(value)])) as T;
}

function verdict({ condition }: Claim, passed: boolean): string {
  if (!passed) return "fails";
  if (condition === undefined) return "holds";
  return condition.kind === "holds where"
    ? `holds where ${condition.text}`
    : `fails as understood: ${condition.text}`;
}

/** The claims of these names, in the registry's order; all when there are none. @throws {UsageError} no such claim */
export function findClaims(names: readonly string[] = []): readonly Claim[] {
  const known = claims.map(({ name }) => name);
  for (const name of names)
    if (!known.includes(name))
      throw new UsageError(`no claim "${name}"${hint(name, known)}; "vitrine verify --list" lists them`);
  return names.length === 0 ? claims : claims.filter(({ name }) => names.includes(name));
}

/**
 * Runs the claims of these names, or all of them, on one thread: the matrices are small, and sharing the work would cost
 * more than it saves.
 * @throws {UsageError} no such claim
 */
export function verifyClaims(names: readonly string[] = [], options: VerifyOptions = {}): Outcome[] {
  const chosen = findClaims(names);
  const threads = native().threads();
  native().setThreads(1);
  try {
    return chosen.map((claim) => {
      const outcome = verifyClaim(claim, options);
      options.progress?.(outcome);
      return outcome;
    });
  } finally {
    native().setThreads(threads);
  }
}
