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
  /** Whether all records were counted; else some of a large file were, and asking again gives all of them. */
  readonly metricsExact: boolean;
  /** Scores of the last evaluation: name to number or word. */
  readonly scores: Readonly<Record<string, number | string>>;
  readonly hasReport: boolean;
  readonly hasProbes: boolean;
  /** Why the page's engine cannot run the network, where it cannot: `model is too large: 92 MiB`. */
  readonly noModel?: string | undefined;
  /** It cannot for its size alone: libtorch runs the network for it. */
  readonly isLarge?: boolean | undefined;
  /** Pages of the run's method that there is something for. */
  readonly pages: readonly MethodPage[];
}

/** `GET /api/sweeps`. */
export interface SweepRow {
  readonly id: string;
  /** The folder's path below the root. */
  readonly name: string;
  readonly recipe: string;
  /** Name of the number that settings are compared by, once there is one. */
  readonly figure?: string;
  /** Name of the setting that was chosen by the validation split. */
  readonly chosen?: string;
  readonly settings: readonly SweepSettingRow[];
  /** What keeps the sweep from being read. */
  readonly problem?: string;
}

/** Means over the runs that are done. */
export interface SweepSettingRow {
  readonly name: string;
  /** `lr 0.003, optimizer muon`. */
  readonly words: string;
  readonly isChosen: boolean;
  /** Why it is not run. */
  readonly problem?: string;
  readonly parameters?: number;
  /** Of the forward pass of one sample. */
  readonly flops?: number;
  readonly validation?: SpreadRow | undefined;
  readonly test?: SpreadRow | undefined;
  /** The larger the better. */
  readonly score?: number | undefined;
  readonly steps?: number | undefined;
  readonly processorSeconds?: number | undefined;
  readonly runs: readonly {
    readonly id: string;
    readonly seed: number;
    readonly state: "waiting" | "done" | "failed";
  }[];
}

export interface SpreadRow {
  readonly mean: number;
  /** Over seeds; one alone has none. */
  readonly deviation?: number | undefined;
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
 * for an overview of 1,024 records. Then all are read meanwhile, and the same question again waits for them.
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
  /**
   * Rᶜ(Z^ℓ | U^ℓ) of the tokens that enter each layer, and of those behind the last one against its own subspaces:
   * depth + 1 numbers, nats. null where a layer has none, as in a black box.
   */
  readonly rc: readonly (number | null)[];
  /** Between MSSA and ISTA, Rᶜ(Z^{ℓ+½} | U^ℓ). */
  readonly rcHalf: readonly (number | null)[];
  /** The same two of tokens of length 1: how long they are does not count. */
  readonly rcUnit: readonly (number | null)[];
  readonly rcHalfUnit: readonly (number | null)[];
  /** R̂ᶜ of LN(Z^ℓ)U^ℓ as the authors' code measures it, of each layer; ε = 0.01, not squared. */
  readonly rcAuthors: readonly (number | null)[];
  /** Behind the layer, in 0 … 1. */
  readonly nonZero: readonly (number | null)[];
  /** R(Z^{ℓ+1}) of tokens of length 1: black boxes have it too. */
  readonly rate: readonly (number | null)[];
  /** Of tokens of length 1: R^c that MSSA takes away; ΔR(Z^{ℓ+½}); R − λ‖Z‖₁ that ISTA adds. */
  readonly compressionUnit: readonly (number | null)[];
  readonly reductionUnit: readonly (number | null)[];
  readonly sparseUnit: readonly (number | null)[];
  /** The class token's attention, [image][layer][head][patch], at most four images. */
  readonly attention?: readonly (readonly (readonly (readonly number[])[])[])[] | undefined;
}

/** `GET /api/theory`. */
export interface TheoryRow {
  /** What it is about; claims of one subject follow each other. */
  readonly group: string;
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

/**
 * `GET /api/runs/:id/facts?checkpoint=best` answers PageFacts of src/graph (its samples empty, its bands from report.json),
 * of runs whose network takes images. `GET /api/runs/:id/onnx?checkpoint=best` answers the ONNX file.
 */

/** Pixels as bytes, [height, width, channels], base64. */
export interface PixelBytes {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly data: string;
}

/** float32 in base64, little-endian, row by row. */
export interface Numbers {
  readonly dims: readonly number[];
  readonly data: string;
}

/** `GET /api/runs/:id/samples?split=test&from=0&count=24`: as the network takes them, before they are normalised. */
export interface SamplesAnswer {
  readonly split: "train" | "test";
  /** Images of the split. */
  readonly total: number;
  /** Empty where the data has none. */
  readonly classes: readonly string[];
  readonly items: readonly { readonly index: number; readonly label: number; readonly pixels: PixelBytes }[];
}

/**
 * What libtorch is asked: `POST /api/runs/:id/ask/NAME`, the body JSON of `Jobs[NAME][0]`, the answer JSON of `Jobs[NAME][1]`.
 * A request that the page aborts ends the job; a crash of the child is a Refusal with status 502, and the next job starts a
 * new child. `forward` is `POST /api/runs/:id/forward` too.
 */
export interface Jobs {
  readonly forward: readonly [ForwardAsked, ForwardAnswer];
  readonly mask: readonly [MaskAsked, MaskAnswer];
  readonly traverse: readonly [TraverseAsked, TraverseAnswer];
  readonly memberships: readonly [MembershipsAsked, MembershipsAnswer];
  readonly construct: readonly [ConstructAsked, ConstructAnswer];
  readonly text: readonly [TextAsked, TextAnswer];
  readonly segments: readonly [SegmentsAsked, SegmentsAnswer];
}
export type JobName = keyof Jobs;

interface Asked {
  /** `best`, `last` or a name. */
  readonly checkpoint: string;
}

export interface ForwardAsked extends Asked {
  /** Of the network's inputs, by name, normalised, one sample. */
  readonly inputs: Readonly<Record<string, Numbers>>;
  /** Names of outputs and probes. */
  readonly wants: readonly string[];
  /** Heads (from 0) whose attention is put to 0, by the probe's name. */
  readonly without?: Readonly<Record<string, readonly number[]>> | undefined;
}
export interface ForwardAnswer {
  readonly values: Readonly<Record<string, Numbers>>;
  readonly ms: number;
}

/** An image of the split, or one that was given, in the size that the network takes. */
export interface ImageAsked extends Asked {
  readonly split: "train" | "test";
  readonly index: number;
  readonly image?: PixelBytes | undefined;
}

export interface MaskAsked extends ImageAsked {
  /** 1 where a patch is removed, row by row; by the recipe's share at random where not given. */
  readonly mask?: readonly number[] | undefined;
}
export interface MaskAnswer {
  readonly grid: readonly [rows: number, columns: number];
  readonly mask: readonly number[];
  readonly original: PixelBytes;
  /** Visible patches as they are, removed ones predicted. */
  readonly made: PixelBytes;
  /** Mean squared error of each patch, in pixels of 0 … 1. */
  readonly errors: readonly number[];
  /** Mean over the removed patches; and if each were filled with the mean of the visible pixels. */
  readonly error: number;
  readonly meanFill: number;
  /** The share of patches that training removed. */
  readonly maskRatio: number;
}

export type TraverseAsked = Asked & {
  /** Pictures in a row. */
  readonly steps: number;
} & (
    | { readonly kind: "transcribe"; readonly from: number; readonly count: number }
    /** From an image (its place among those of the class), along a component of the class, t from −reach to reach. */
    | { readonly kind: "traverse"; readonly class: number; readonly start: number; readonly components: number; readonly reach: number } // biome-ignore format: one kind a line
    /** Between two test images. */
    | { readonly kind: "interpolate"; readonly a: number; readonly b: number }
  );
export interface TraverseAnswer {
  readonly classes: readonly string[];
  /** Images of the test split. */
  readonly total: number;
  /** traverse: one for each component; transcribe: originals, then transcriptions; interpolate: one. */
  readonly rows: readonly { readonly name: string; readonly pictures: readonly PixelBytes[]; readonly labels?: readonly number[] | undefined }[]; // biome-ignore format: short
  /** traverse: share of the class's variance that each component has; t of each column. */
  readonly shares?: readonly number[] | undefined;
  readonly t?: readonly number[] | undefined;
  /** transcribe: mean squared error of each picture, pixels in 0 … 1; interpolate: cosine of the two features. */
  readonly errors?: readonly number[] | undefined;
  readonly cosine?: number | undefined;
}

export interface MembershipsAsked extends Asked {
  /** Points that are shown; 200. */
  readonly points: number;
  /** Of clusters; the recipe's where not given. */
  readonly clusters?: number | undefined;
}
export interface MembershipsAnswer {
  readonly points: readonly { readonly index: number; readonly cluster: number; readonly label?: number | undefined; readonly picture?: PixelBytes | undefined }[]; // biome-ignore format: short
  readonly classes: readonly string[];
  /** Π, [n, n], rows and columns in the order of `points`, which is by cluster. */
  readonly memberships: Numbers;
  readonly clusters: number;
  /** L of merging to so many clusters, nats, where it can be computed; the least is the estimate. */
  readonly codingLength: readonly { readonly clusters: number; readonly nats: number }[];
  readonly accuracy?: number | undefined;
  readonly nmi?: number | undefined;
}

export interface ConstructAsked extends Asked {
  /** Behind this layer, 0 for what enters. */
  readonly layer: number;
  /** Samples of the test split that are shown; 60. */
  readonly samples: number;
}
export interface ConstructAnswer {
  /** As they were measured while the layers were built, nats; accuracy in 0 … 1. */
  readonly layers: readonly { readonly layer: number; readonly R: number; readonly Rc: number; readonly RcTrue: number; readonly deltaR: number; readonly accuracy: number }[]; // biome-ignore format: short
  /** |cos| between samples behind the layer, sorted by class, [n, n]. */
  readonly similarity: Numbers;
  readonly labels: readonly number[];
  readonly classes: readonly string[];
}

export interface TextAsked extends Asked {
  /** Empty: the beginning of the run's test text. */
  readonly text: string;
  /** Of the likeliest next tokens; 10. */
  readonly top: number;
}
export interface TextAnswer {
  /** As they are read, one each; the oldest are left out where the text is longer than the context. */
  readonly tokens: readonly string[];
  readonly leftOut: number;
  readonly context: number;
  readonly causal: boolean;
  /** For each position the likeliest tokens that follow it (or stand in it, where not causal). */
  readonly next: readonly (readonly { readonly token: string; readonly p: number }[])[];
  /** Probability of the token that does follow; not of the last one. */
  readonly pOfNext: readonly (number | null)[];
  readonly layers: readonly {
    /** [K, n, n] */
    readonly attention: Numbers;
    /** Rᶜ of the tokens up to each position, nats, by the authors' estimator; of white boxes. */
    readonly rc?: readonly number[] | undefined;
    /** Share of entries of each token that are not zero, behind the layer. */
    readonly nonZero: readonly number[];
  }[];
}

export interface SegmentsAsked extends ImageAsked {
  readonly method: "attention" | "tokencut" | "maskcut";
  /** From 1. */
  readonly layer: number;
  /** Of the attention that a mask keeps. */
  readonly share: number;
  /** Cosine above which two patches are joined. */
  readonly tau: number;
}
export interface SegmentsAnswer {
  readonly picture: PixelBytes;
  readonly grid: readonly [rows: number, columns: number];
  readonly layers: number;
  /** The class token's attention, [K, rows · columns]; of `attention`. */
  readonly attention?: Numbers | undefined;
  /** Patches that belong to each mask, 0 or 1; one for each head, or for each object. */
  readonly masks: readonly (readonly number[])[];
  /** Share of the patches' attention within the mask, one for each head. */
  readonly kept?: readonly number[] | undefined;
}
