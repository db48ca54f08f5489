/** @file Decodes many images in worker threads, and names the one that cannot be read. */
import { availableParallelism } from "node:os";
import { extname } from "node:path";
import { DataError } from "../../base/errors.ts";
import { givenLimit } from "../../base/unpack.ts";
import { WorkerPool } from "../worker-pool.ts";
import type { Decoded, DecodeTask } from "./decode-share.ts";
import { type ImagePlace, placeName } from "./place.ts";
import { bytesOf, type Wanted, wantedOf } from "./wanted.ts";

export type DecodePool = WorkerPool<DecodeTask, Decoded>;

/** Threads that decode images: as many as there are cores, at most 4, unless given. With none, this thread decodes. */
export const decodePool = (workers = Math.min(4, availableParallelism())): DecodePool =>
  new WorkerPool(new URL(`./decode-worker${extname(import.meta.url)}`, import.meta.url), workers);

/** Images a thread decodes for one answer, at most. */
const MAX_SHARE = 32;

/**
 * Bytes [paths.length, 3, height, width], or of each image its boxes. Each thread is given its whole share at once, so that it
 * goes on while this thread is busy with a training step.
 * @param onDamaged told of an image that cannot be read, whose pixels are black then; an error unless given
 * @throws DataError naming a file that cannot be read, or over which threads die
 */
export async function decodeFiles(
  pool: DecodePool,
  paths: readonly ImagePlace[],
  wanted: Wanted,
  onDamaged?: (i: number, message: string) => void,
): Promise<Uint8Array> {
  const bytes = bytesOf(wanted);
  const share = Math.min(MAX_SHARE, Math.ceil(paths.length / pool.size));
  const single = paths.length > 0 && paths.length <= share;
  let out = new Uint8Array(single ? 0 : paths.length * bytes);
  const parts: Promise<void>[] = [];
  for (let i = 0; i < paths.length; i += share) {
    const own = wantedOf(wanted, i, i + share);
    const part = decodeIn(pool, { paths: paths.slice(i, i + share), wanted: own, limit: givenLimit() });
    parts.push(
      part.then(({ pixels, damaged }) => {
        for (const { at, reason } of damaged) {
          const error = unreadable(paths[i + at]!, reason);
          if (onDamaged === undefined) throw error;
          onDamaged(i + at, error.message);
        }
        if (single) out = pixels;
        else out.set(pixels, i * bytes);
      }),
    );
  }
  await Promise.all(parts);
  return out;
}

async function decodeIn(pool: DecodePool, task: DecodeTask): Promise<Decoded> {
  if (pool.size === 0) {
    const { decodeShare } = await import("./decode-share.ts"); // and sharp, which the threads load otherwise
    return await decodeShare(task);
  }
  const { paths, wanted } = task;
  const decoded = await pool.run(task).catch(({ message: reason }: Error): Decoded | undefined => {
    if (paths.length > 1) return undefined;
    return { pixels: new Uint8Array(bytesOf(wanted)), damaged: [{ at: 0, reason }] };
  });
  if (decoded !== undefined) return decoded;
  // the thread died over one of them: alone, each is read, or named
  const alone = (path: ImagePlace, i: number): DecodeTask => ({
    ...task,
    paths: [path],
    wanted: wantedOf(wanted, i, i + 1),
  });
  const found = await Promise.all(paths.map((path, i) => decodeIn(pool, alone(path, i))));
  const damaged = found.flatMap((one, i) => one.damaged.map(({ reason }) => ({ at: i, reason })));
  return { pixels: new Uint8Array(Buffer.concat(found.map(({ pixels }) => pixels))), damaged };
}

const unreadable = (place: ImagePlace, reason: string): DataError =>
  new DataError(`cannot read image ${placeName(place)}: ${reason}`, {
    path: typeof place === "string" ? place : place.shard,
  });
