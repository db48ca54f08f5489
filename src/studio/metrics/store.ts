/** @file The columns of the runs that are looked at: read once, then only what was appended. */

import { type FileHandle, open, stat } from "node:fs/promises";
import { Columns } from "./columns.ts";
import { overviewOf } from "./overview.ts";
import { readLines } from "./read-records.ts";
import { Scanner } from "./scan.ts";

interface Held {
  columns: Columns;
  inode: number;
  /** The last bytes that were read: a file that was cut and written on has others there. */
  tail: Buffer;
}

/** Runs whose columns are kept: those on the screen. */
const MOST_RUNS = 16;

/** Bytes that are read in a tenth of a second; of more there is an overview first. */
const LARGE = 2 ** 24;

/** Bytes that are compared. */
const TAIL = 64;

export class MetricsStore {
  private readonly held = new Map<string, Held>();
  private readonly reading = new Map<string, Promise<Columns>>();

  /** All records of a run's metrics.jsonl, as it is now. None where there is no such file. */
  columns(path: string): Promise<Columns> {
    const before = this.reading.get(path) ?? Promise.resolve();
    // one reader at a time for each file, so that none reads what another has
    const next = before.then(() => this.read(path), () => this.read(path)); // biome-ignore format: short
    this.reading.set(path, next);
    const forget = () => this.reading.get(path) === next && this.reading.delete(path);
    next.then(forget, forget);
    return next;
  }

  /**
   * The same at once, where it would take long: then of 1,024 records, and the others are read meanwhile. Whoever asks
   * again waits for them.
   */
  async atOnce(path: string): Promise<{ columns: Columns; exact: boolean }> {
    const size = await stat(path).then(({ size }) => size, () => 0); // biome-ignore format: short
    if (size - (this.held.get(path)?.columns.offset ?? 0) < LARGE || this.reading.has(path))
      return { columns: await this.columns(path), exact: true };
    const overview = overviewOf(path);
    this.columns(path).catch(() => {}); // whoever asks again is told
    return { columns: overview, exact: false };
  }

  private async read(path: string): Promise<Columns> {
    const file = await open(path, "r").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined;
      throw error;
    });
    if (file === undefined) {
      this.held.delete(path);
      return new Columns();
    }
    try {
      const { ino: inode } = await file.stat();
      const known = this.held.get(path);
      const same = known?.inode === inode && (await tailOf(file, known.columns.offset)).equals(known.tail);
      const columns = same ? known.columns : new Columns();
      const scanner = new Scanner(columns);
      for await (const { lines, offset } of readLines(path, columns.offset)) {
        scanner.add(lines);
        columns.offset = offset;
      }
      this.keep(path, { columns, inode, tail: await tailOf(file, columns.offset) });
      return columns;
    } finally {
      await file.close();
    }
  }

  private keep(path: string, held: Held): void {
    this.held.delete(path);
    this.held.set(path, held); // the last one that was looked at goes to the end
    if (this.held.size > MOST_RUNS) this.held.delete(this.held.keys().next().value!);
  }
}

/** The bytes in front of an offset; fewer where the file is shorter. */
async function tailOf(file: FileHandle, offset: number): Promise<Buffer> {
  const length = Math.min(TAIL, offset);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset - length);
  return buffer.subarray(0, bytesRead);
}
