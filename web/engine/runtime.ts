/** @file onnxruntime-web, which the user may have installed, for larger networks. */

import { float, type Graph, integers, type Value, withGates, writeOnnx } from "../../src/graph/index.ts";
import type { Pass, Values, Without } from "./engine.ts";

/** What is used of onnxruntime-web 1.30. */
interface Runtime {
  env: { wasm: { numThreads: number; wasmPaths: string; proxy: boolean }; logLevel: string };
  Tensor: new (type: string, data: Float32Array | BigInt64Array, dims: readonly number[]) => RuntimeTensor;
  InferenceSession: { create(model: Uint8Array, options: object): Promise<Session> };
}
interface RuntimeTensor {
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: Float32Array | BigInt64Array;
}
interface Session {
  run(
    feeds: Record<string, RuntimeTensor>,
    fetches: readonly string[],
  ): Promise<Record<string, RuntimeTensor>>;
}

interface Opened {
  name: string;
  pass(feeds: Values, fetches: readonly string[], without: Without): Promise<Pass>;
}

/** @param folder address of its files @throws {Error} it is not there, or refuses the network */
export async function byRuntime(graph: Graph, gated: readonly string[], folder: string): Promise<Opened> {
  const runtime = (await import(/* @vite-ignore */ `${folder}ort.wasm.min.mjs`)) as Runtime;
  const { env, Tensor, InferenceSession } = runtime;
  // a thread more would be a worker of the library's own, whose address the page's policy does not trust
  Object.assign(env.wasm, { numThreads: 1, wasmPaths: folder, proxy: false });
  env.logLevel = "error";
  const model = writeOnnx(withGates(graph, gated));
  const session = await InferenceSession.create(model, { executionProviders: ["wasm"] });
  const heads = new Map(
    gated.map((name) => [name, Number(graph.outputs.find((output) => output.name === name)?.dims[1] ?? 1)]),
  );
  const given = ({ type, dims, data }: Value) =>
    type === "int64"
      ? new Tensor(
          "int64",
          BigInt64Array.from(data, (x) => BigInt(x)),
          dims,
        )
      : new Tensor("float32", Float32Array.from(data), dims);
  const taken = ({ type, dims, data }: RuntimeTensor): Value =>
    type === "int64" ? integers(dims, Array.from(data, Number)) : float(dims, data as Float32Array);
  return {
    name: "onnxruntime-web, WebAssembly on one thread, in a worker",
    async pass(feeds, fetches, without) {
      const gates = [...heads].map(([name, K]) => {
        const open = Float32Array.from({ length: K }, (_, k) => (without[name]?.includes(k) ? 0 : 1));
        return [`${name}.gate`, new Tensor("float32", open, [1, K, 1, 1])] as const;
      });
      const inputs = Object.entries(feeds).map(([name, value]) => [name, given(value)] as const);
      const found = await session.run(Object.fromEntries([...inputs, ...gates]), fetches);
      const values = Object.fromEntries(Object.entries(found).map(([name, tensor]) => [name, taken(tensor)]));
      // attention is an output before its gate
      const before = Object.keys(without).flatMap((name) => (values[name] ? [[name, values[name]]] : []));
      return { values, before: Object.fromEntries(before) as Values };
    },
  };
}
