/** @file The thread that decodes a Parquet file: where a decoder hangs or takes too much, it is ended. */

import { parentPort } from "node:worker_threads";
import { DataError } from "../../../base/errors.ts";
import { setUnpackLimit } from "../../../base/unpack.ts";
import type { ArrayNames } from "../../features/features.ts";
import { type Answer, READY } from "../../worker-pool.ts";
import { type Decoded, decodeParquet } from "./decode.ts";
import { openFile } from "./file.ts";

export interface ParquetTask {
  path: string;
  given: ArrayNames;
  /** As `setUnpackLimit` takes it. */
  limit: number | undefined;
}

/** Or why it could not be read. */
export type ParquetResult = Decoded | { failed: string };

const port = parentPort;
if (port === null) throw new Error("the worker of Parquet files runs in a worker thread only");

port.on("message", ({ path, given, limit }: ParquetTask) => {
  setUnpackLimit(limit);
  const result = attempt(path, given);
  const answer: Answer<ParquetResult> = { result };
  const buffers =
    "failed" in result ? [] : [result.values, result.labels].flatMap((part) => part?.buffer ?? []);
  port.postMessage(answer, buffers);
});

port.postMessage(READY);

function attempt(path: string, given: ArrayNames): ParquetResult {
  try {
    using file = openFile(path);
    return decodeParquet(file, given);
  } catch (error) {
    const { message } = error as Error;
    return { failed: error instanceof DataError ? message : `${path} cannot be read: ${message}` };
  }
}
