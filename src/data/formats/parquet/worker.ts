/** @file The thread that decodes a Parquet file: where a decoder hangs or takes too much, it is ended. */

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { parentPort } from "node:worker_threads";
import { DataError } from "../../../base/errors.ts";
import { setUnpackLimit } from "../../../base/unpack.ts";
import type { ArrayNames } from "../../features/features.ts";
import { type Answer, READY } from "../../worker-pool.ts";
import { type Decoded, decodeParquet } from "./decode.ts";

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
  let fd: number | undefined;
  try {
    const opened = openSync(path, "r");
    fd = opened;
    const read = (start: number, length: number): Uint8Array => {
      const bytes = new Uint8Array(length);
      for (let done = 0; done < length; ) {
        const got = readSync(opened, bytes, done, length - done, start + done);
        if (got === 0) throw new DataError("it is cut off");
        done += got;
      }
      return bytes;
    };
    return decodeParquet({ path, size: fstatSync(fd).size, read }, given);
  } catch (error) {
    const { message } = error as Error;
    return { failed: error instanceof DataError ? message : `${path} cannot be read: ${message}` };
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
