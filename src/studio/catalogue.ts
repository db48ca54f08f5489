/** @file The runs below a folder: found again at each look, opaque ids for the page, read anew only where something changed. */

import { createHash } from "node:crypto";
import { type Dirent, existsSync, readdirSync, realpathSync, statSync } from "node:fs";
import { basename, join, relative, sep } from "node:path";
import { UsageError } from "../base/errors.ts";
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

/** What a row is read from; where one of them leads out of the root, the folder is no run of ours. */
const READ = ["recipe.json", "metrics.jsonl", "checkpoints", "checkpoints/last", "checkpoints/best", ""];

/** Folders below the root that are looked through for runs: `runs/group/run`. */
const DEEPEST = 3;

/** What a request names a run by: it says nothing of a path, and stays the same when the server starts again. */
export const idOf = (name: string): string =>
  createHash("sha256").update(name).digest("base64url").slice(0, 12);

export class Catalogue {
  readonly root: string;
  /** By their paths. */
  private known = new Map<string, Known>();

  /**
   * @param root a folder of runs, or one run
   * @throws {UsageError} no such folder
   */
  constructor(root: string) {
    if (statSync(root, { throwIfNoEntry: false })?.isDirectory() !== true)
      throw new UsageError(`${root}: expected a folder of runs; vitrine train makes "runs"`, { path: root });
    this.root = realpathSync.native(root);
  }

  /** The runs, the one that was written to last first. */
  runs(): Run[] {
    const found = new Map<string, Known>();
    this.walk(this.root, 0, found);
    this.known = found;
    return [...found.values()].sort(({ row: a }, { row: b }) =>
      a.changed < b.changed ? 1 : a.changed > b.changed ? -1 : a.name < b.name ? -1 : 1,
    );
  }

  /** The run of an id, if there is one now. */
  find(id: string): Run | undefined {
    const named = ({ row }: Run) => row.id === id;
    const known = [...this.known.values()].find(named);
    if (known === undefined) return this.runs().find(named);
    const again = this.read(known.path);
    if (again === undefined) this.known.delete(known.path);
    else this.known.set(known.path, again);
    return again;
  }

  /** A file or folder of a run by a name that we know, if it is there and lies in the root. */
  within({ path }: Run, ...names: readonly string[]): string | undefined {
    return this.inside(join(path, ...names));
  }

  private walk(folder: string, depth: number, found: Map<string, Known>): void {
    const add = (run: Known | undefined) => run && found.set(run.path, run);
    // a folder that was a run is one still, if it has a recipe: its entries need not be listed
    if (this.known.has(folder)) return void add(this.read(folder));
    const entries = entriesOf(folder);
    if (entries.some((entry) => entry.name === "recipe.json")) return void add(this.read(folder));
    if (depth === DEEPEST) return;
    for (const entry of entries) {
      if (entry.name.startsWith(".") || entry.name === "node_modules") continue;
      const path = join(folder, entry.name);
      if (entry.isDirectory()) this.walk(path, depth + 1, found);
      else if (entry.isSymbolicLink()) {
        const real = this.inside(path);
        if (real !== undefined && statSync(real).isDirectory()) this.walk(real, depth + 1, found);
      }
    }
  }

  /** Reads a run's row, unless its files are as they were. */
  private read(path: string): Known | undefined {
    const stamp = stampOf(path);
    if (stamp === undefined) return undefined;
    const known = this.known.get(path);
    if (known?.stamp === stamp && !known.row.running) return known;
    const isOurs = READ.every((file) => !existsSync(join(path, file)) || this.inside(join(path, file)));
    if (!isOurs) return undefined;
    const name = relative(this.root, path).split(sep).join("/") || basename(path);
    const { run, ...row } = runEntry(path, name);
    return { row: { id: idOf(name), name: run, ...row }, path, stamp };
  }

  /** The real path, if it lies in the root: a link that leads out is none of ours. */
  inside(path: string): string | undefined {
    try {
      const real = realpathSync.native(path);
      return real === this.root || real.startsWith(this.root + sep) ? real : undefined;
    } catch {
      return undefined;
    }
  }
}

/** Files that a row is read from, as they are now; nothing where it is no run any more. */
function stampOf(run: string): string | undefined {
  const stats = READ.map((name) => statSync(join(run, name), { throwIfNoEntry: false }));
  return stats[0] && stats.map((stat) => (stat ? `${stat.mtimeMs}:${stat.size}:${stat.ino}` : "")).join(" ");
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return []; // it has gone, or is not ours to read
  }
}
