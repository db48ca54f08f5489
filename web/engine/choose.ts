/** @file Which engine runs a network: the page itself where a pass fits into a frame, else what computes aside of it. */

import type { Graph } from "../../src/graph/index.ts";
import type { RunHere } from "../source/source.ts";
import { aside } from "./aside.ts";
import type { Engine } from "./engine.ts";
import { byLibtorch } from "./libtorch.ts";
import { inPage, workOf } from "./page.ts";

export type EngineName = "auto" | "page" | "worker" | "onnxruntime" | "libtorch";

/** Multiplications that fit into a frame, about. */
const WORK_OF_A_FRAME = 20e6;

/** A page that is one file has no script beside it. */
const HAS_WORKER = document.getElementById("model") === null;

export interface Place {
  readonly run: RunHere;
  readonly checkpoint: string;
  /** Names of attention from which heads may be removed. */
  readonly gated: readonly string[];
  /** Of a picture. */
  readonly tokens: number;
  /** A pass in the page was seen to take longer than a frame. */
  readonly isSlow: boolean;
}

/** Address of the folder of onnxruntime-web's files, where the server says that the user has it. */
export async function runtimeFolder(): Promise<string | undefined> {
  const { status } = await fetch("onnxruntime/ort.wasm.min.mjs", { method: "HEAD" }).catch(() => ({
    status: 0,
  }));
  return status === 200 ? new URL("onnxruntime/", document.baseURI).href : undefined;
}

/**
 * @param graph nothing where the network is too large for the page
 * @throws {Error} the engine that was asked for is not there
 */
export async function chooseEngine(
  name: EngineName,
  graph: Graph | undefined,
  place: Place,
): Promise<Engine> {
  const { run, checkpoint, gated, tokens, isSlow } = place;
  if (graph === undefined || name === "libtorch") {
    const engine = byLibtorch(run, checkpoint);
    if (engine !== undefined) return engine;
    throw new Error("There is no libtorch here: this page has no server behind it.");
  }
  if (name === "onnxruntime") {
    const folder = await runtimeFolder();
    if (folder !== undefined) return aside(graph, gated, folder);
    throw new Error(
      "onnxruntime-web is not installed where vitrine studio was started: npm install onnxruntime-web@1.30.0",
    );
  }
  const isLarge = isSlow || workOf(graph, tokens) > WORK_OF_A_FRAME;
  if (name === "page" || !HAS_WORKER || (name === "auto" && !isLarge)) return inPage(graph);
  return aside(graph, gated);
}
