/** @file An engine in a worker: the page answers while it computes. */

import type { Graph } from "../../src/graph/index.ts";
import { type Engine, Overtaken, type Pass } from "./engine.ts";
import type { FromWorker, ToWorker } from "./messages.ts";

interface Waiting {
  resolve(pass: Pass): void;
  reject(error: Error): void;
}

/** `require-trusted-types-for 'script'` wants a policy for the address of a script. */
interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL(url: string): string },
  ): { createScriptURL(url: string): string };
}
const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };
const policy = trustedTypes?.createPolicy("vitrine-worker", { createScriptURL: (url) => url });
/** Built beside the page's script. */
const ADDRESS = new URL("worker.js", document.baseURI).href;

/**
 * @param gated names of attention from which heads may be removed
 * @param runtime address of onnxruntime-web's folder; our own interpreter without one
 * @throws {Error} there is no worker here, or it cannot open the network
 */
export async function aside(graph: Graph, gated: readonly string[], runtime?: string): Promise<Engine> {
  const worker = new Worker(policy?.createScriptURL(ADDRESS) ?? ADDRESS, { type: "module" });
  const waiting = new Map<number, Waiting>();
  const tell = (message: ToWorker) => worker.postMessage(message);
  const name = await new Promise<string>((resolve, reject) => {
    worker.onerror = () => reject(new Error("the page's worker cannot be started"));
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
      if (data.kind === "opened") resolve(data.name);
      else reject(new Error(data.kind === "failed" ? data.error : "the page's worker is confused"));
    };
    tell({ kind: "open", graph, gated, runtime });
  }).catch((error) => {
    worker.terminate();
    throw error;
  });
  const endAll = (error: Error) => {
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  worker.onerror = ({ message }) => endAll(new Error(`the page's worker ended: ${message}`));
  worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
    if (data.kind === "opened" || data.kind === "failed") return;
    const own = waiting.get(data.id);
    waiting.delete(data.id);
    if (data.kind === "done") own?.resolve(data.pass);
    else own?.reject(data.kind === "wrong" ? new Error(data.error) : new Overtaken());
  };
  let last = 0;
  return {
    name,
    isAside: true,
    run: (feeds, fetches, without) =>
      new Promise((resolve, reject) => {
        const id = ++last;
        waiting.set(id, { resolve, reject });
        tell({ kind: "pass", id, feeds, fetches, without });
      }),
    close() {
      worker.terminate();
      endAll(new Overtaken());
    },
  };
}
