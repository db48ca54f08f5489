/** @file Features of a Parquet file, decoded in a thread that can be ended. */

import { statSync } from "node:fs";
import { extname } from "node:path";
import { DataError } from "../../../base/errors.ts";
import { givenLimit, unpackLimit } from "../../../base/unpack.ts";
import { scope, tensor } from "../../../tensor/index.ts";
import { type ArrayNames, checkFeatures, type Features } from "../../features/features.ts";
import { runAlone, TaskError } from "../../worker-pool.ts";
import type { ParquetResult, ParquetTask } from "./worker.ts";

const MIB = 2 ** 20;
/** Milliseconds for any file, and for each MiB of it; reading takes a hundredth. */
const PATIENCE = { file: 4000, mebibyte: 1000 };
/** Megabytes of heap for the decoder itself. */
const PROGRAM = 64;

/**
 * Features of a Parquet file, as `decodeParquet` finds them. Labels that are text are numbered, which a line on stderr
 * says.
 *
 * @throws {DataError} not such a file, damaged, or one that takes too much time or memory
 */
export async function readParquet(path: string, given: ArrayNames): Promise<Features> {
  const { size } = statSync(path);
  const script = new URL(`./worker${extname(import.meta.url)}`, import.meta.url);
  const task: ParquetTask = { path, given, limit: givenLimit() };
  const found = await runAlone<ParquetTask, ParquetResult>(script, task, {
    milliseconds: PATIENCE.file + (PATIENCE.mebibyte * unpackLimit(size)) / (4 * MIB),
    heapMegabytes: PROGRAM + Math.ceil(unpackLimit(size) / MIB),
  }).catch((cause: Error) => {
    if (!(cause instanceof TaskError)) throw cause;
    throw new DataError(`${path}: cannot be decoded: ${cause.message}`, { path, cause });
  });
  if ("failed" in found) throw new DataError(found.failed, { path });
  const { values, n, d, labels, classes, names } = found;
  if (classes !== undefined) process.stderr.write(`${path}: ${inWords(classes)}\n`);
  return scope(
    () => checkFeatures(path, tensor(values, { shape: [n, d] }), labels && tensor(labels), names),
    "parquet",
  );
}

function inWords(classes: readonly string[]): string {
  const shown = classes
    .slice(0, 3)
    .map((text, number) => `${number} "${text.slice(0, 40).replace(/\p{C}/gu, " ")}"`);
  const more = classes.length > shown.length ? ", …" : "";
  return `labels of text are numbered by name: ${shown.join(", ")}${more} (${classes.length} classes)`;
}
