/** @file What runs a network for the page, wherever it runs. */

import type { Value } from "../../src/graph/index.ts";

export type Values = Readonly<Record<string, Value>>;
/** Heads, from 0, that are removed: by the name of the attention [1, K, n, n] that they are part of. */
export type Without = Readonly<Record<string, readonly number[]>>;

export interface Pass {
  readonly values: Values;
  /** Attention from which heads were removed, as it was computed before that. */
  readonly before: Values;
}

export interface Engine {
  /** Named in the page. */
  readonly name: string;
  /** It computes while the page answers; a newer pass ends the one before, which is then `Overtaken`. */
  readonly isAside: boolean;
  run(feeds: Values, fetches: readonly string[], without: Without): Promise<Pass> | Pass;
  close(): void;
}

/** A pass that ended because a newer one was asked for. */
export class Overtaken extends Error {}
