/** @file What a format of exports is. */

import type { Graph } from "../graph/index.ts";
import type { GraphOfNetwork } from "./network.ts";
import type { Source } from "./open.ts";
import type { Precision } from "./precision.ts";
import type { Renamed, Verified } from "./verify.ts";

/** What a format writes from. */
export interface Job extends GraphOfNetwork {
  source: Source;
  /** The graph with its weights in the precision that was asked for. */
  small: Graph;
  precision: Precision;
  /** File or folder that is written. */
  output: string;
  /** Images of the data set that a page shows. */
  samples: number;
}

/** A file of the export: its path below the output, "" where the output is the file itself. */
export interface ExportedFile {
  path: string;
  /** The bytes, in parts. */
  parts: readonly Uint8Array[];
  /** Of a model: how it is run to be verified. */
  model?: Renamed;
  /** Of weights that no graph has: how they were compared. */
  verified?: Verified;
}

export interface Format {
  /** What it is, in a line. */
  about: string;
  /** Whether the output is one file, else a folder. */
  file: boolean;
  /** Of the weights, unless something else is asked for; else by their size. */
  precision?: Precision;
  /** Bytes of weights up to which they stay as they are; `LARGEST_FP32` unless given. */
  largestFp32?: number;
  /** Those that it can be written in; all unless given. */
  precisions?: readonly Precision[];
  /** @throws {UsageError} a network that the format cannot hold */
  write(job: Job): Promise<ExportedFile[]> | ExportedFile[];
}

/** What was exported. */
export interface Exported extends Verified {
  output: string;
  precision: Precision;
  /** By path, in bytes. */
  files: { path: string; bytes: number }[];
  nodes: number;
  outputs: number;
}

export const textFile = (path: string, text: string): ExportedFile => ({
  path,
  parts: [new TextEncoder().encode(text)],
});
export const jsonFile = (path: string, value: unknown): ExportedFile =>
  textFile(path, `${JSON.stringify(value, null, 2)}\n`);
