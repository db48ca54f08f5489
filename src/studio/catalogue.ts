/** @file The runs below a folder: found again at each look, opaque ids for the page, read anew only where something changed. */

import { createHash } from "node:crypto";
import { type Dirent, readdirSync, realpathSync, statSync } from "node:fs";
import { basename, join, relative, sep } from "node:path";
import { runEntry } from "../method/list-runs.ts";
import type { RunRow } from "./shapes.ts";

/** A run of the catalogue: what the page may know, and where it lies. */
export interface Run {
  readonly row: RunRow;
  /** Its real path, inside of the root. */
  readonly path: string;
}

interface Known extends Run {
  /** Times and sizes of the files that the row was read from. */
  readonly stamp: string;
}

/** Folders below the root that are looked through for runs: `runs/group/run`. */
const DEEPEST = 3;

/** What a request names a run by: it says nothing of a path, and stays the same when the server starts again. */
export const idOf = (name: string): string =>
  createHash("sha256").update(name).digest("base64url").slice(0, 12);

export class Catalogue {
  readonly root: string;
  private known = new Map<string, Known>();

  /** @param root a folder of runs, or one run */
  constructor(root: string) {
    this.root = realpathSync(root);
  }

  /** The runs, the one that was written to last first. */
  rows(): RunRow[] {
    return [...this.look().values()]
      .map(({ row }) => row)
      .sort((a, b) => (a.changed < b.changed ? 1 : a.changed > b.changed ? -1 : a.name < b.name ? -1 : 1));
  }

  /** The run of an id, if there is one now. */
  find(id: string): Run | undefined {
    if (!this.known.has(id)) this.look();
    const known = this.known.get(id);
    if (known === undefined) return undefined;
    const again = this.read(known.path, known.row.name);
    if (again === undefined) this.known.delete(id);
    else this.known.set(id, again);
    return again;
  }

  /** Looks through the folders; a run whose files are as they were is not read again. */
  private look(): Map<string, Known> {
    const found = new Map<string, Known>();
    const walk = (folder: string, depth: number): void => {
      const entries = entriesOf(folder);
      if (entries.some((entry) => entry.name === "recipe.json")) {
        const name = relative(this.root, folder).split(sep).join("/") || basename(folder);
        const run = this.read(folder, name);
        if (run !== undefined) found.set(run.row.id, run);
        return;
      }
      if (depth === DEEPEST) return;
      for (const entry of entries)
        if (!entry.name.startsWith(".") && entry.name !== "node_modules" && isFolder(folder, entry)) {
          const path = this.inside(join(folder, entry.name));
          if (path !== undefined) walk(path, depth + 1);
        }
    };
    walk(this.root, 0);
    this.known = found;
    return found;
  }

  private read(path: string, name: string): Known | undefined {
    const id = idOf(name);
    const stamp = stampOf(path);
    if (stamp === undefined || this.inside(path) === undefined) return undefined;
    const known = this.known.get(id);
    if (known?.stamp === stamp && known.path === path && !known.row.running) return known;
    const { run, ...row } = runEntry(path, name);
    return { row: { id, name: run, ...row }, path, stamp };
  }

  /** The real path, if it lies in the root: a link that leads out is none of ours. */
  inside(path: string): string | undefined {
    try {
      const real = realpathSync(path);
      return real === this.root || real.startsWith(this.root + sep) ? real : undefined;
    } catch {
      return undefined;
    }
  }
}

/** Files that a row is read from, as they are now; nothing where it is no run any more. */
function stampOf(run: string): string | undefined {
  const files = ["recipe.json", "metrics.jsonl", "checkpoints", "checkpoints/last", "checkpoints/best", ""];
  const stats = files.map((name) => statSync(join(run, name), { throwIfNoEntry: false }));
  return stats[0] && stats.map((stat) => `${stat?.mtimeMs ?? 0}:${stat?.size ?? 0}`).join(" ");
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return []; // it has gone, or is not ours to read
  }
}

const isFolder = (folder: string, entry: Dirent): boolean =>
  entry.isDirectory() ||
  (entry.isSymbolicLink() &&
    statSync(join(folder, entry.name), { throwIfNoEntry: false })?.isDirectory() === true);
