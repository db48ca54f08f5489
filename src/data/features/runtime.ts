/** @file The runtime of ONNX models, which is installed by those who need it. */

import { UsageError } from "../../base/errors.ts";
import type { TypedArray } from "../../tensor/index.ts";

/** What we use of onnxruntime-node. */
export interface Runtime {
  InferenceSession: { create(path: string, options: LogOptions): Promise<Session> };
  Tensor: new (type: string, values: TypedArray, shape: readonly number[]) => Value;
}

/** From 0, everything, to 4, what ends the process. */
interface LogOptions {
  logSeverityLevel: 0 | 1 | 2 | 3 | 4;
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
  run(
    feeds: Record<string, Value>,
    fetches: readonly string[],
    options: LogOptions,
  ): Promise<Record<string, Value>>;
  release(): Promise<void>;
}

/** @throws {UsageError} it is not installed, or only in part */
export async function loadRuntime(name = "onnxruntime-node"): Promise<Runtime> {
  try {
    const loaded = (await import(name)) as Runtime & { default?: Runtime };
    return loaded.default ?? loaded;
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const what =
      code === "ERR_MODULE_NOT_FOUND" ? "is not installed" : `cannot be loaded (${message.split("\n")[0]})`;
    // its own set-up step fetches parts for graphics cards, which fails where they cannot be reached
    throw new UsageError(
      `encoder: ${name} ${what}; ONNXRUNTIME_NODE_INSTALL=skip npm install ${name}@1.30.0`,
      { cause },
    );
  }
}
