/** @file Runs a model in onnxruntime, the engine that others use. */

import { createRequire } from "node:module";
import type { Value } from "../../src/graph/index.ts";

interface Tensor {
  dims: readonly number[];
  data: Float32Array | BigInt64Array | Uint8Array;
}
interface Runtime {
  InferenceSession: {
    create(
      bytes: Uint8Array,
      options: object,
    ): Promise<{ run(feeds: object): Promise<Record<string, Tensor>>; release(): Promise<void> }>;
  };
  Tensor: new (type: string, data: unknown, dims: readonly number[]) => object;
}

/** What onnxruntime makes of inputs, for several batches of them. */
export async function runInOnnxruntime(
  bytes: Uint8Array,
  batches: readonly Readonly<Record<string, Value>>[],
): Promise<Map<string, Value>[]> {
  const runtime = createRequire(import.meta.url)("onnxruntime-node") as Runtime;
  const session = await runtime.InferenceSession.create(bytes, { logSeverityLevel: 3, intraOpNumThreads: 1 });
  try {
    const all: Map<string, Value>[] = [];
    for (const feeds of batches) {
      const given = Object.entries(feeds).map(([name, { type, dims, data }]) => {
        const elements = type === "int64" ? BigInt64Array.from(Array.from(data, BigInt)) : data;
        return [name, new runtime.Tensor(type, elements, dims)];
      });
      const made = await session.run(Object.fromEntries(given) as object);
      all.push(new Map(Object.entries(made).map(([name, tensor]) => [name, fromRuntime(tensor)])));
    }
    return all;
  } finally {
    await session.release();
  }
}

function fromRuntime({ dims, data }: Tensor): Value {
  if (data instanceof Float32Array) return { type: "float32", dims, data };
  return data instanceof Uint8Array
    ? { type: "bool", dims, data }
    : { type: "int64", dims, data: Float64Array.from(data, Number) };
}
