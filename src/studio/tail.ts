/** @file What is written to metrics.jsonl from a byte on, as it is written: through half lines, resumes and removals. */

import { statSync } from "node:fs";
import { open } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { type Line, readRecords } from "./metrics/read-records.ts";
import type { TailEvent } from "./shapes.ts";

export interface TailOptions {
  path: string;
  /** The byte that the first record is read from. */
  from: number;
  /** What the run is doing. */
  state: () => "running" | "finished" | "stopped" | "gone";
  signal: AbortSignal;
}

/** An event, and the byte behind what it tells. */
export interface Told {
  event: TailEvent;
  offset: number;
}

/** Milliseconds between looks at the file: a stat, some microseconds. */
const EVERY = 150;
/** Looks between those at the run's folder. */
const SELDOM = 7;

/** Ends with `truncated` or `ended`, or when the signal says so. */
export async function* tail({ path, from, state, signal }: TailOptions): AsyncGenerator<Told> {
  let offset = from;
  let inode: number | undefined;
  if (from > 0 && !(await isLineStart(path, from))) return yield { event: { type: "truncated" }, offset: 0 };
  for (let look = 0; !signal.aborted; look++) {
    const { size, ino } = sizeOf(path);
    if (size < offset || (inode !== undefined && ino !== inode)) {
      const event: TailEvent = state() === "gone" ? { type: "ended", why: "gone" } : { type: "truncated" };
      return yield { event, offset: 0 };
    }
    inode = ino ?? inode;
    const before = offset;
    if (size > offset)
      for await (const chunk of readRecords(path, offset)) {
        offset = chunk.offset;
        yield { event: { type: "rows", rows: chunk.records as (Line & { step: number })[] }, offset };
        if (signal.aborted) return;
      }
    if (offset === before && look % SELDOM === 0) {
      const why = state();
      // what was written between the look at the file and this is read before the end is told
      if (why !== "running" && sizeOf(path).size <= size)
        return yield { event: { type: "ended", why }, offset };
    }
    await sleep(EVERY, undefined, { signal }).catch(() => {});
  }
}

/** Microseconds; a promise of the same takes ten times as long. */
function sizeOf(path: string): { size: number; ino: number | undefined } {
  return statSync(path, { throwIfNoEntry: false }) ?? { size: 0, ino: undefined };
}

/** Whether a line begins at a byte: the one before it ends a line. */
async function isLineStart(path: string, at: number): Promise<boolean> {
  const file = await open(path, "r").catch(() => undefined);
  if (file === undefined) return false;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(1), 0, 1, at - 1);
    return bytesRead === 1 && buffer[0] === 10;
  } finally {
    await file.close();
  }
}
