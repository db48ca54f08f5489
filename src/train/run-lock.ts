/** @file One process per run folder: a lock file named after its holder, which a dead holder does not keep. */

import { readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { UsageError } from "../base/errors.ts";
import { writing } from "../base/write-file.ts";

/** A run folder that is ours until `release`, or until it is disposed of. */
export interface RunLock extends Disposable {
  /** @throws {DiskError} the file cannot be removed */
  release(): void;
}

/** Files of this process that count; one that a broken disk kept does not. */
const held = new Set<string>();

/**
 * Takes a run folder for this process. The lock is a file `.lock-HOST-PID-START`; no two processes ever have the same
 * name, so that the file of a dead one can be removed by anyone and at any time without hitting a live one.
 *
 * @throws {UsageError} another process has it, or this one already; where two come in the same instant, maybe both
 * @throws {DiskError} the folder cannot be written
 */
export function lockRun(folder: string): RunLock {
  const host = encodeURIComponent(hostname());
  const own = `.lock-${host}-${process.pid}-${startOf(process.pid) ?? 0}`;
  const path = join(
    writing(folder, () => realpathSync(folder)),
    own,
  );
  if (held.has(path)) throw inUse(folder, `by this process, ${process.pid}`);
  const release = () => {
    held.delete(path);
    writing(path, () => rmSync(path, { force: true }));
  };
  // what ends a run says more than that its lock stays, which is dead with the process
  const dispose = () => {
    try {
      release();
    } catch {}
  };
  writing(path, () => writeFileSync(path, `process ${process.pid} on ${hostname()}\n`));
  held.add(path);
  // our own name is there before we look for others: of two that come together, at least one sees the other
  try {
    for (const other of writing(folder, () => readdirSync(folder))) {
      const holder = holderOf(other);
      if (holder === undefined || other === own) continue;
      const { where, pid } = holder;
      if (where !== host) {
        const elsewhere = `by process ${pid} on ${decodeURIComponent(where)}; if that has ended, remove ${join(folder, other)}`;
        throw inUse(folder, elsewhere);
      }
      if (isAlive(pid, holder.start)) throw inUse(folder, `by process ${pid}`);
      writing(join(folder, other), () => rmSync(join(folder, other), { force: true }));
    }
  } catch (error) {
    dispose();
    throw error;
  }
  return { release, [Symbol.dispose]: dispose };
}

/** Whether a live process of this machine has a run folder, or one of another machine may. */
export function isLocked(folder: string): boolean {
  const host = encodeURIComponent(hostname());
  return readdirSync(folder).some((name) => {
    const holder = holderOf(name);
    return holder !== undefined && (holder.where !== host || isAlive(holder.pid, holder.start));
  });
}

/** The process that a lock's name says; nothing of another file. */
function holderOf(name: string): { where: string; pid: number; start: number } | undefined {
  const [, where, pid, start] = /^\.lock-(.+)-(\d+)-(\d+)$/.exec(name) ?? [];
  return where === undefined ? undefined : { where, pid: Number(pid), start: Number(start) };
}

function inUse(folder: string, by: string): UsageError {
  const what = `${folder} is in use ${by}`;
  return new UsageError(what.includes(";") ? what : `${what}; wait for it to end, or use another folder`, {
    path: folder,
  });
}

/** Whether the process of this number runs, the one that began at that time; 0 where the time is not known. */
export function isAlive(pid: number, start = 0): boolean {
  if (start !== 0) return startOf(pid) === start;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"; // it runs, as another user
  }
}

/** When a live process began, in clock ticks since the machine started; nothing where /proc does not say. */
function startOf(pid: number): number | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return undefined;
  }
  // the name in brackets may hold spaces and brackets itself; the state follows, the start is 19 fields on
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" || fields[0] === "X" ? undefined : Number(fields[19]);
}
