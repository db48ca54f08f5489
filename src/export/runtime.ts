/** @file onnxruntime, where it is installed: the engine that others will run an exported model in. */

import { createRequire } from "node:module";
import type { Value } from "../graph/index.ts";

export interface OnnxSession {
  run(feeds: Readonly<Record<string, Value>>): Promise<Readonly<Record<string, Value>>>;
  release(): Promise<void>;
}

interface RuntimeTensor {
  dims: readonly number[];
  data: Float32Array | BigInt64Array | Uint8Array;
}

/** What we use of it. */
interface Runtime {
  InferenceSession: {
    create(
      bytes: Uint8Array,
      options: object,
    ): Promise<{ run(feeds: object): Promise<Record<string, RuntimeTensor>>; release(): Promise<void> }>;
  };
  Tensor: new (type: string, data: unknown, dims: readonly number[]) => object;
}

/** A session for a model; nothing where onnxruntime-node is not installed. */
export async function openOnnx(bytes: Uint8Array): Promise<OnnxSession | undefined> {
  const runtime = load();
  if (runtime === undefined) return undefined;
  const session = await runtime.InferenceSession.create(bytes, { logSeverityLevel: 4, intraOpNumThreads: 1 });
  return {
    async run(feeds) {
      const given = Object.entries(feeds).map(([name, { type, dims, data }]) => {
        const elements = type === "int64" ? BigInt64Array.from(Array.from(data, BigInt)) : data;
        return [name, new runtime.Tensor(type, elements, dims)];
      });
      const made = await session.run(Object.fromEntries(given) as object);
      return Object.fromEntries(Object.entries(made).map(([name, tensor]) => [name, fromRuntime(tensor)]));
    },
    release: () => session.release(),
  };
}

function load(): Runtime | undefined {
  try {
    return createRequire(import.meta.url)("onnxruntime-node") as Runtime;
  } catch {
    return undefined;
  }
}

function fromRuntime({ dims, data }: RuntimeTensor): Value {
  if (data instanceof Float32Array) return { type: "float32", dims, data };
  if (data instanceof Uint8Array) return { type: "bool", dims, data };
  return { type: "int64", dims, data: Float64Array.from(data, Number) };
}
