/** @file What takes long to make and can be made again: files in the user's own cache, never in a run. */

import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { writeFileAtomic } from "../base/write-file.ts";

/** `studio` in XDG_CACHE_HOME/vitrine, else in ~/.cache/vitrine. */
const usual = (): string =>
  join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "vitrine", "studio");

/** Bytes that are kept; what was used longest ago goes first. */
const MOST = 2 ** 29;

export class Cache {
  constructor(private readonly folder = usual()) {}

  /** The name of what depends on these values alone. */
  key(...parts: readonly string[]): string {
    return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
  }

  get(key: string): Uint8Array | undefined {
    const path = join(this.folder, key);
    try {
      const bytes = readFileSync(path);
      utimesSync(path, new Date(), new Date());
      return bytes;
    } catch {
      return undefined; // it was never made, or has gone
    }
  }

  /** Where the disk takes nothing, it is made again the next time. */
  put(key: string, bytes: Uint8Array): void {
    try {
      mkdirSync(this.folder, { recursive: true, mode: 0o700 });
      writeFileAtomic(join(this.folder, key), [bytes]);
      this.prune();
    } catch {}
  }

  private prune(): void {
    const files = readdirSync(this.folder).map((name) => {
      const { size, mtimeMs } = statSync(join(this.folder, name));
      return { path: join(this.folder, name), size, mtimeMs };
    });
    let kept = 0;
    for (const { path, size } of files.sort((a, b) => b.mtimeMs - a.mtimeMs)) {
      kept += size;
      if (kept > MOST) rmSync(path, { force: true });
    }
  }
}
