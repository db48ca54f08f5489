/**
 * @file The addon and libtorch under random calls: every entry of the addon and every operator that `aten` reaches, with
 * right, wrong and strange arguments. A process that dies by a signal, says nothing for 5 s or grows beyond its limit is
 * a failure; an error in JavaScript is right, unless it leaves a tensor behind. `tsx campaign/native-calls.ts FILE SEED
 * INDEX 0` makes a kept call again.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Campaign } from "./campaign.ts";
import { crowded } from "./run-check.ts";

const HANG = 5000; //                                                           ms
/** Writable memory of a process, KiB: what asks for more gets an error, not the machine's. */
const SPACE = 2 * 2 ** 20;
/** Resident memory, bytes: `aten` with sizes of the arguments here needs a part of it. */
const RESIDENT = 3 * 2 ** 30;
/** A process lives this long: a fault that needs others before it is then soon found. */
const LIFE = 60_000; //                                                         ms

const calls = join(import.meta.dirname, "native-calls.ts");
const tsx = createRequire(import.meta.url).resolve("tsx");

interface Ended {
  signal: string | null;
  code: number | null;
  stdout: string;
  stderr: string;
  /** Why we ended it, if we did. */
  ended: string | undefined;
}

/** The index and the text of the call that a process is in. */
function status(file: string): { index: number; call: string } {
  try {
    const text = readFileSync(file, "utf8").trimEnd();
    const space = text.indexOf(" ");
    return { index: Number(text.slice(0, space)), call: text.slice(space + 1) };
  } catch {
    return { index: -1, call: "" };
  }
}

const residentBytes = (pid: number): number => {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]) * 4096;
  } catch {
    return 0; // no such file system, or no such process any more
  }
};

/** Watches a process to its end: one that stays in the same call, or grows, is ended. */
function watched(child: ChildProcess, file: string): Promise<Ended> {
  let [stdout, stderr] = ["", ""];
  let ended: string | undefined;
  child.stdout?.on("data", (data) => (stdout += data));
  child.stderr?.on("data", (data) => (stderr = (stderr + data).slice(-2000)));
  const clock = () => performance.now() - 1000 * crowded(child.pid ?? 0);
  let [last, since] = [-1, clock() + 60_000]; // loading libtorch takes its time
  const timer = setInterval(() => {
    const { index } = status(file);
    if (index !== last) [last, since] = [index, clock()];
    if (clock() - since > HANG) ended = `no end within ${HANG / 1000} s`;
    if (residentBytes(child.pid ?? 0) > RESIDENT) ended = `more than ${RESIDENT / 2 ** 30} GiB`;
    if (ended !== undefined) child.kill("SIGKILL");
  }, 200);
  return new Promise((resolve) => {
    child.on("close", (code, signal) => {
      clearInterval(timer);
      resolve({ signal, code, stdout, stderr, ended });
    });
  });
}

const campaign: Campaign = async ({ until, seed, keep }) => {
  const folder = mkdtempSync(join(tmpdir(), "vitrine-native-"));
  const tried = { operators: 0, entries: 0 };
  const failures: string[] = [];
  const skip = new Set<string>();
  let from = 0;
  for (let round = 0; performance.now() < until; round++) {
    const file = join(folder, `status-${round}`);
    writeFileSync(file, "-1 start");
    const seconds = Math.max(1, Math.min(LIFE, until - performance.now()) / 1000).toFixed(1);
    const args = ["--import", tsx, calls, file, String(seed), String(from), seconds, [...skip].join(",")];
    const child = spawn("sh", [
      "-c",
      `ulimit -d ${SPACE}; ulimit -c 0; exec "$0" "$@"`,
      process.execPath,
      ...args,
    ]);
    const result = await watched(child, file);
    const { index, call } = status(file);
    if (result.code === 0) {
      const counts = JSON.parse(result.stdout.trim().split("\n").at(-1) as string);
      tried.operators += counts.operators;
      tried.entries += counts.entries;
      for (const leak of counts.leaks) failures.push(`a tensor is left behind, seed ${seed} call ${leak}`);
      from = counts.next;
      continue;
    }
    const what = result.ended ?? (result.signal === null ? `exit ${result.code}` : result.signal);
    mkdirSync(keep, { recursive: true });
    const kept = join(keep, `${seed}-${index}.json`);
    writeFileSync(kept, `${JSON.stringify({ seed, index, what, call, stderr: result.stderr }, null, 2)}\n`);
    failures.push(`${what}: seed ${seed} call ${index}, ${call.slice(0, 200)}; kept in ${kept}`);
    if (index < 0) break; // it does not even start
    skip.add(/^(?:entry )?([\w:.]+)/.exec(call)?.[1] ?? "");
    from = index + 1;
  }
  rmSync(folder, { recursive: true, force: true });
  return { tried, failures };
};

export default campaign;
