/**
 * @file The hub's cache on this machine, in the layout of Hugging Face's own library, so that each uses what the other
 * fetched: models--OWNER--NAME/ with refs/REVISION (a commit), blobs/HASH, snapshots/COMMIT/FILE (links to blobs).
 */

import { existsSync, readFileSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { makeFolder, writeFileAtomic, writing } from "../../base/write-file.ts";

export const isCommit = (text: string): boolean => /^[0-9a-f]{40}$/.test(text);

/** One repository's part of the cache. */
export class HubCache {
  private readonly folder: string;
  /** Where processes wait for one another. */
  readonly locks: string;

  constructor(cache: string, repository: string) {
    const name = `models--${repository.replace("/", "--")}`;
    this.folder = join(cache, name);
    this.locks = join(cache, ".locks", name);
  }

  /** The commit that a revision was when it was last asked for. */
  commitOf(revision: string): string | undefined {
    if (isCommit(revision)) return revision;
    try {
      const commit = readFileSync(join(this.folder, "refs", revision), "utf8").trim();
      return isCommit(commit) ? commit : undefined;
    } catch {
      return undefined;
    }
  }

  /** Where a file of a commit is, whether it is there or not. */
  at = (commit: string, file: string): string => join(this.folder, "snapshots", commit, file);

  /** A file of a commit that is here. */
  find(commit: string | undefined, file: string): string | undefined {
    if (commit === undefined) return undefined;
    const path = this.at(commit, file);
    return existsSync(path) ? path : undefined; // a link to nowhere is not there
  }

  blob = (hash: string): string => join(this.folder, "blobs", hash);

  /** Gives the blob its name in a commit. @throws {DiskError} */
  link(hash: string, commit: string, file: string): string {
    const path = this.at(commit, file);
    makeFolder(dirname(path));
    writing(path, () => {
      const made = `${path}.${process.pid}`;
      rmSync(made, { force: true });
      symlinkSync(relative(dirname(path), this.blob(hash)), made);
      renameSync(made, path); // another process may have made it meanwhile
    });
    return path;
  }

  /** Notes what a revision is now. @throws {DiskError} */
  note(revision: string, commit: string): void {
    if (isCommit(revision) || this.commitOf(revision) === commit) return;
    const path = join(this.folder, "refs", revision);
    makeFolder(dirname(path));
    writeFileAtomic(path, commit);
  }
}
