/** @file Decodes many image files in worker threads, and names the one that cannot be read. */
import { DataError } from "../../base/errors.ts";
import { areaOf, type Size } from "../../base/size.ts";
import { givenLimit } from "../../base/unpack.ts";
import type { RandomCrops } from "../augment/box.ts";
import type { WorkerPool } from "../worker-pool.ts";
import type { Resizing } from "./decode.ts";
import type { Decoded, DecodeTask } from "./decode-worker.ts";

export type DecodePool = WorkerPool<DecodeTask, Decoded>;

export interface DecodeOptions {
  resizing?: Resizing;
  /** A random box of each image, in place of its centre. */
  crops?: RandomCrops | undefined;
}

/** Images a thread decodes for one answer, at most. */
const MAX_SHARE = 32;

/**
 * Bytes [paths.length, 3, height, width]. Each thread is given its whole share at once, so that it goes on while this
 * thread is busy with a training step.
 * @throws DataError naming a file that cannot be read, or over which threads die
 */
export async function decodeFiles(
  pool: DecodePool,
  paths: readonly string[],
  size: Size,
  { resizing = {}, crops }: DecodeOptions = {},
): Promise<Uint8Array> {
  const bytes = 3 * areaOf(size);
  const out = new Uint8Array(paths.length * bytes);
  const share = Math.min(MAX_SHARE, Math.ceil(paths.length / pool.size));
  const parts: Promise<void>[] = [];
  for (let i = 0; i < paths.length; i += share) {
    const task = { paths: paths.slice(i, i + share), size, resizing, limit: givenLimit() };
    const part = decodeShare(pool, crops ? { ...task, crops: cropsOf(crops, i, i + share) } : task);
    parts.push(part.then((pixels) => out.set(pixels, i * bytes)));
  }
  await Promise.all(parts);
  return out;
}

async function decodeShare(pool: DecodePool, task: DecodeTask): Promise<Uint8Array> {
  const { paths } = task;
  const decoded = await pool.run(task).catch((cause: Error) => {
    if (paths.length === 1) throw unreadable(paths[0]!, cause.message, cause);
    return undefined;
  });
  if (decoded !== undefined) {
    if ("failed" in decoded) throw unreadable(decoded.failed, decoded.reason);
    return decoded.pixels;
  }
  // the thread died over one of them: alone, each is read, or named
  const alone = (path: string, i: number): DecodeTask => ({
    ...{ ...task, paths: [path] },
    ...(task.crops && { crops: cropsOf(task.crops, i, i + 1) }),
  });
  return Buffer.concat(await Promise.all(paths.map((path, i) => decodeShare(pool, alone(path, i)))));
}

const cropsOf = ({ seeds, ...rest }: RandomCrops, from: number, to: number): RandomCrops => ({
  ...rest,
  seeds: seeds.slice(from, to),
});

function unreadable(path: string, reason: string, cause?: Error): DataError {
  return new DataError(`cannot read image ${path}: ${reason}`, { path, cause });
}
