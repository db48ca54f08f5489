/** @file What the page and its worker tell each other. */

import type { Graph } from "../../src/graph/index.ts";
import type { Pass, Values, Without } from "./engine.ts";

export type ToWorker =
  /** `runtime`: address of onnxruntime-web's folder; our own interpreter without one. */
  | { readonly kind: "open"; readonly graph: Graph; readonly runtime: string | undefined; readonly gated: readonly string[] }
  | { readonly kind: "pass"; readonly id: number; readonly feeds: Values; readonly fetches: readonly string[]; readonly without: Without }; // biome-ignore format: short

export type FromWorker =
  | { readonly kind: "opened"; readonly name: string }
  | { readonly kind: "failed"; readonly error: string }
  | { readonly kind: "done"; readonly id: number; readonly pass: Pass }
  | { readonly kind: "overtaken"; readonly id: number }
  | { readonly kind: "wrong"; readonly id: number; readonly error: string };
