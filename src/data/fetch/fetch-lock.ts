/** @file One process at a time fetches into a folder; another one waits for it. */
import { mkdir, open, readFile, rm, stat, utimes } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { DiskError } from "../../base/errors.ts";

const NAME = ".fetching";

export interface FetchLockOptions {
  /** Called once, when another process is there first. */
  waiting?: (holder: string) => void;
  /** Milliseconds between looks, and between signs of life. */
  pause?: number;
  /** Milliseconds without a sign of life after which the other one counts as dead. */
  patience?: number;
}

/**
 * Runs the body while no other process has the folder. A process that has ended on this machine, or gave no sign of life
 * for a minute, has it no longer.
 * @throws DiskError when the folder cannot be written
 */
export async function whileAlone<T>(
  folder: string,
  { waiting, pause = 500, patience = 60_000 }: FetchLockOptions,
  body: () => Promise<T>,
): Promise<T> {
  const path = join(folder, NAME);
  const failed = (cause: Error): never => {
    throw new DiskError(`cannot write ${path}: ${cause.message}`, { path, cause });
  };
  await mkdir(folder, { recursive: true }).catch(failed);
  for (let told = false; !(await take(path).catch(failed)); ) {
    const holder = await holderOf(path, patience);
    if (holder === undefined) await rm(path, { force: true }).catch(failed);
    else {
      if (!told) waiting?.(holder);
      told = true;
      await sleep(pause);
    }
  }
  const alive = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => {}); // the body meets the same disk, and says so
  }, pause);
  try {
    return await body();
  } finally {
    clearInterval(alive);
    await rm(path, { force: true });
  }
}

/** Whether it is ours now. */
async function take(path: string): Promise<boolean> {
  try {
    const file = await open(path, "wx");
    await file.writeFile(`${process.pid} ${hostname()}`).finally(() => file.close());
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** The live process that has it, in words. */
async function holderOf(path: string, patience: number): Promise<string | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined || Date.now() - found.mtimeMs > patience) return undefined;
  const [, pid, host] = /^(\d+) (.+)$/.exec(await readFile(path, "utf8").catch(() => "")) ?? [];
  if (pid === undefined || host === undefined) return "another process"; // it is being written
  if (host !== hostname()) return `process ${pid} on ${host}`;
  try {
    process.kill(Number(pid), 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return undefined;
  }
  return `process ${pid}`;
}
