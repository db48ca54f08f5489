/** @file The page's worker: runs a network by our interpreter, or by onnxruntime-web where the user has it. */

import { type Graph, Interpreter } from "../../src/graph/index.ts";
import type { Pass, Values, Without } from "./engine.ts";
import type { FromWorker, ToWorker } from "./messages.ts";
import { passInParts } from "./passes.ts";
import { byRuntime } from "./runtime.ts";

type Asked = readonly [Values, readonly string[], Without];
type Run = (asked: Asked, isWanted: () => boolean) => Promise<Pass | undefined>;

const tell = (message: FromWorker): void => postMessage(message);
let run: Run | undefined;
let newest = 0;

async function open(graph: Graph, gated: readonly string[], runtime: string | undefined): Promise<string> {
  if (runtime === undefined) {
    const net = new Interpreter(graph);
    run = (asked, isWanted) => passInParts(net, asked, isWanted);
    return "the page's own interpreter, in a worker";
  }
  const { name, pass } = await byRuntime(graph, gated, runtime);
  run = async (asked) => await pass(...asked);
  return name;
}

addEventListener("message", async ({ data }: MessageEvent<ToWorker>) => {
  if (data.kind === "open") {
    try {
      tell({ kind: "opened", name: await open(data.graph, data.gated, data.runtime) });
    } catch (error) {
      tell({ kind: "failed", error: (error as Error).message });
    }
    return;
  }
  const { id, feeds, fetches, without } = data;
  newest = id;
  // what came at the same time is heard first
  await new Promise((resolve) => setTimeout(resolve));
  try {
    const isWanted = () => newest === id;
    const pass = isWanted() ? await run!([feeds, fetches, without], isWanted) : undefined;
    tell(pass === undefined ? { kind: "overtaken", id } : { kind: "done", id, pass });
  } catch (error) {
    tell({ kind: "wrong", id, error: (error as Error).message });
  }
});
