/** @file What a number was measured on, and whether the machine was quiet meanwhile. */

import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { addonRecord, root } from "../src/tensor/libtorch.ts";
import { processorFlags } from "../src/tensor/processor-flags.ts";

/** Instruction sets that decide how fast products are. */
const FLAGS = ["avx2", "avx512f", "avx512_bf16", "avx512_fp16", "amx_bf16"];

export interface Machine {
  cpu: string;
  cores: number;
  flags: string[];
  memoryGiB: number;
  node: string;
  libtorch: string;
  commit: string;
}

export function machine(): Machine {
  const record = addonRecord();
  const present = processorFlags();
  return {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    flags: FLAGS.filter((flag) => present.has(flag)),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    libtorch: typeof record === "string" ? "none" : record.version,
    commit: commit(),
  };
}

function commit(): string {
  const git = (...args: string[]) => execFileSync("git", args, { cwd: root, encoding: "utf8" }).trim();
  try {
    return (
      git("rev-parse", "--short", "HEAD") + (git("status", "--porcelain", "-uno") === "" ? "" : " + changes")
    );
  } catch {
    return "unknown";
  }
}

interface Ticks {
  busy: number;
  total: number;
  ours: number;
}

/** Parent, and processor time with that of ended children, by process. */
function processes(): Map<number, { parent: number; time: number }> {
  const found = new Map<number, { parent: number; time: number }>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "utf8");
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      found.set(Number(name), { parent: Number(fields[1]), time: sum(fields.slice(11, 15)) });
    } catch {} // it has ended
  }
  return found;
}

const sum = (values: readonly string[]) => values.reduce((total, value) => total + Number(value), 0);

/** Processor time since boot, of everybody, and of this process with all below it. */
function ticks(): Ticks {
  // user, nice, system, idle, waiting, interrupts, soft interrupts, stolen
  const all = readFileSync("/proc/stat", "utf8").split("\n")[0]!.trim().split(/\s+/).slice(1, 9);
  const every = processes();
  const isOurs = (id: number): boolean =>
    id === process.pid || (every.has(id) && isOurs(every.get(id)!.parent));
  let ours = 0;
  for (const [id, { time }] of every) if (isOurs(id)) ours += time;
  return { busy: sum(all) - sum(all.slice(3, 5)), total: sum(all), ours };
}

/** Starts watching; the result is the share of the processors that others took (or the host stole) until called. */
export function watchOthers(): () => number {
  const before = ticks();
  return () => {
    const after = ticks();
    const busy = after.busy - before.busy - (after.ours - before.ours);
    return Math.max(0, busy / Math.max(1, after.total - before.total));
  };
}

/** Where others take more of the processors, numbers are not to be quoted. */
export const BUSY = 0.05;
