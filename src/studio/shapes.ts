/** @file What the studio's server and its page tell each other, in JSON unless it says otherwise. Imports nothing. */

/** `GET /api/runs`: the newest first. */
export interface RunRow {
  /** Opaque; the server looks it up, and no path follows from it. */
  readonly id: string;
  /** The folder's path below the root, `digits-1`. */
  readonly name: string;
  readonly method: string;
  readonly model: string;
  readonly data: string;
  /** Of the last checkpoint; 0 before the first. */
  readonly step: number;
  /** What the best evaluation said, in words; empty before the first. */
  readonly result: string;
  readonly running: boolean;
  /** ISO 8601, UTC. */
  readonly changed: string;
  /** What keeps the run from being read. */
  readonly problem?: string | undefined;
}

/** `GET /api/runs/:id`. */
export interface RunDetail extends RunRow {
  readonly recipe: unknown;
  /** The recipe as `vitrine train` prints it, for people. */
  readonly yaml: string;
  /** Optimiser steps of the whole run, where the recipe says so. */
  readonly steps?: number | undefined;
  readonly seed?: number | undefined;
  readonly parameters?: number | undefined;
  readonly checkpoints: readonly CheckpointRow[];
  /** Names in metrics.jsonl, and how many records have each. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Scores of the last evaluation: name to number or word. */
  readonly scores: Readonly<Record<string, number | string>>;
  readonly hasReport: boolean;
  readonly hasProbes: boolean;
  /** Why the page's engine cannot run the network, where it cannot: `model is too large: 92 MiB`. */
  readonly noModel?: string | undefined;
  /** Pages of the run's method that there is something for. */
  readonly pages: readonly MethodPage[];
}

export type MethodPage = "mask" | "traverse" | "memberships" | "construct" | "text" | "segments";

export interface CheckpointRow {
  readonly name: string;
  readonly step: number;
  readonly isLast: boolean;
  readonly isBest: boolean;
  readonly bytes: number;
}

/**
 * `GET /api/runs/:id/metrics?names=a,b&from=STEP&to=STEP&px=N` answers safetensors, `step` (float64) and for each name
 * `NAME.min`, `NAME.max`, `NAME.last` (float32), a column for each of at most N pixels, NaN where a pixel has none. Its
 * `__metadata__` has `offset`, the byte at which the tail goes on, `rows`, records that were read, and `exact`, "false"
 * for an overview of 1,024 records.
 */
export interface MetricsColumns {
  readonly step: Float64Array;
  readonly columns: Readonly<Record<string, { min: Float32Array; max: Float32Array; last: Float32Array }>>;
  readonly offset: number;
  readonly rows: number;
  readonly exact: boolean;
}

/** A record of metrics.jsonl. */
export interface MetricsRow {
  readonly step: number;
  readonly [name: string]: unknown;
}

/** `GET /api/runs/:id/tail?from=OFFSET`: server-sent events; the id of each is the byte offset behind it. */
export type TailEvent =
  | { readonly type: "rows"; readonly rows: readonly MetricsRow[] }
  /** The file is shorter than it was (a resume): read it from the start. */
  | { readonly type: "truncated" }
  | { readonly type: "ended"; readonly why: "finished" | "stopped" | "gone" };

/** `GET /api/events`: server-sent events. */
export type RunEvent =
  | { readonly type: "added" | "changed"; readonly run: RunRow }
  | { readonly type: "gone"; readonly id: string };

/** A line of probes.jsonl, and `GET /api/runs/:id/probes`: `{ "rows": ProbeRow[] }`. Arrays have one number per layer. */
export interface ProbeRow {
  readonly step: number;
  /** Fixed images or texts that are measured. */
  readonly samples: number;
  readonly epsilon: number;
  /** Rᶜ of the tokens behind each layer, of those that enter the first layer in front: depth + 1 numbers, nats. */
  readonly rc: readonly (number | null)[];
  /** Between MSSA and ISTA. */
  readonly rcHalf: readonly (number | null)[];
  /** Behind the layer, in 0 … 1. */
  readonly nonZero: readonly (number | null)[];
  /** R^c that MSSA takes away, and R − λ‖Z‖₁ that ISTA adds, of tokens of length 1. */
  readonly compressionUnit: readonly (number | null)[];
  readonly reductionUnit: readonly (number | null)[];
  /** The class token's attention, [image][layer][head][patch], at most four images. */
  readonly attention?: readonly (readonly (readonly (readonly number[])[])[])[] | undefined;
}

/** `GET /api/theory`. */
export interface TheoryRow {
  readonly name: string;
  readonly title: string;
  readonly source: string;
  readonly expected: string;
  readonly condition?: { readonly kind: string; readonly text: string } | undefined;
  /** Of the newest report of `vitrine verify` below the root; not there without one. */
  readonly passed?: boolean | undefined;
  readonly measured?: string | undefined;
  readonly figure?: string | undefined;
  /** Speaks of trained networks: the page shows what a run's layers say. */
  readonly ofLayers?: "compression" | "sparsity" | "attention" | undefined;
}

/** Every answer that is not 200 has this body. */
export interface Refusal {
  readonly error: string;
}
