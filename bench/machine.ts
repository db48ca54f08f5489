/** @file What a number was measured on, and whether the machine was quiet meanwhile. */

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { addonRecord, root } from "../src/tensor/libtorch.ts";

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
  const present = new Set(/^flags\s*:(.*)$/m.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1]?.split(" "));
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

export const hasAmx = (): boolean => machine().flags.includes("amx_bf16");

/** Runnable processes' average over the last minute, per core: above `BUSY` others are at work here. */
export const load = (): number => Number(readFileSync("/proc/loadavg", "utf8").split(" ")[0]) / cpus().length;
export const BUSY = 0.25;

interface Ticks {
  busy: number;
  total: number;
  ours: number;
}

/** Processor time since boot, of everybody and of this process with its ended children. */
function ticks(): Ticks {
  const sum = (values: readonly string[]) => values.reduce((total, value) => total + Number(value), 0);
  // user, nice, system, idle, waiting, interrupts, soft interrupts, stolen
  const all = readFileSync("/proc/stat", "utf8").split("\n")[0]!.trim().split(/\s+/).slice(1, 9);
  const ours = readFileSync("/proc/self/stat", "utf8").split(") ")[1]!.split(" ").slice(11, 15);
  return { busy: sum(all) - sum(all.slice(3, 5)), total: sum(all), ours: sum(ours) };
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
