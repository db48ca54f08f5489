/** @file The runtime of ONNX models, which is installed by those who need it. */

import { UsageError } from "../../tensor/errors.ts";

/** What we use of onnxruntime-node. */
export interface Runtime {
  InferenceSession: { create(path: string): Promise<Session> };
  Tensor: new (type: "float32", values: Float32Array, shape: readonly number[]) => Value;
}

export interface Value {
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: unknown;
}

export interface ValueInfo {
  readonly name: string;
  readonly isTensor: boolean;
  readonly type?: string;
  /** Sizes, or names of sizes that are free; empty when the model does not say. */
  readonly shape?: readonly (number | string)[];
}

export interface Session {
  readonly inputMetadata: readonly ValueInfo[];
  readonly outputMetadata: readonly ValueInfo[];
  run(feeds: Record<string, Value>, fetches: readonly string[]): Promise<Record<string, Value>>;
  release(): Promise<void>;
}

/** @throws {UsageError} it is not installed */
export async function loadRuntime(name = "onnxruntime-node"): Promise<Runtime> {
  try {
    const loaded = (await import(name)) as Runtime & { default?: Runtime };
    return loaded.default ?? loaded;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw cause;
    throw new UsageError(`encoder: ${name} is not installed; npm install ${name}@1.30.0`, { cause });
  }
}
