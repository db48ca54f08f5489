/** @file Whether a run folder keeps what docs/checkpoints.md promises, read without the code that wrote it. */

import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const sha256 = (path: string) => createHash("sha256").update(readFileSync(path)).digest("hex");

/** Seconds that a run may stand still. */
const STILL = 5;
/** How much slower than the run without faults a run may be: it may train what it had lost again. */
const SLOWER = 4;

/** Whether a run stood still, told by its seconds and those of the run without faults. */
export const hangs = (seconds: number, whole: number): string[] =>
  seconds > SLOWER * whole + STILL
    ? [`took ${seconds.toFixed(1)} s, without faults ${whole.toFixed(1)} s`]
    : [];

/** Seconds that a process's first thread has waited for a processor: other work is no fault of a run. 0 where nobody says. */
export function crowded(pid: number | "self"): number {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, "utf8").split(" ")[1]) / 1e9;
  } catch {
    return 0;
  }
}

/** What is wrong with a run that may have been killed at any instant, in words. */
export function brokenPromises(run: string): string[] {
  const folder = join(run, "checkpoints");
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder);
  const broken = names
    .filter((name) => name.startsWith("step-"))
    .flatMap((name) => incomplete(join(folder, name)));
  for (const pointer of ["last", "best"].filter((name) => names.includes(name))) {
    const name = readFileSync(join(folder, pointer), "utf8");
    if (!/^step-\d{8}\n$/.test(name)) broken.push(`${pointer} holds ${JSON.stringify(name)}`);
    else if (!names.includes(name.trim()) && !names.includes(`.tmp-old-${name.trim()}`))
      broken.push(`${pointer} names ${name.trim()}, which is not there`);
  }
  return broken;
}

function incomplete(path: string): string[] {
  const sums = join(path, "SHA256SUMS");
  if (!existsSync(sums)) return [`${path} has no SHA256SUMS`];
  const lines = readFileSync(sums, "utf8").trimEnd().split("\n");
  const wrong = lines.filter((line) => {
    const [sum, name] = line.split("  ") as [string, string];
    return !existsSync(join(path, name)) || sha256(join(path, name)) !== sum;
  });
  return lines.length >= 4
    ? wrong.map((line) => `${path}: ${line} does not hold`)
    : [`${path} has ${lines.length} files`];
}

/** Everything of a finished run that must not depend on how often it was stopped; times and speeds are left out. */
export function endingOf(run: string): Record<string, unknown> {
  const timeless = (text: string) =>
    text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .map((record) =>
        Object.fromEntries(Object.entries(record).filter(([name]) => !/^(time|system)\//.test(name))),
      );
  const checkpoint = (pointer: string) => {
    const path = join(run, "checkpoints", pointer);
    if (!existsSync(path)) return "missing";
    const name = readFileSync(path, "utf8").trim();
    const files = readdirSync(join(run, "checkpoints", name)).filter((file) => file.endsWith(".safetensors"));
    return { name, tensors: files.sort().map((file) => sha256(join(run, "checkpoints", name, file))) };
  };
  const text = (name: string) =>
    existsSync(join(run, name)) ? readFileSync(join(run, name), "utf8") : "missing";
  const leftovers = readdirSync(run, { recursive: true, encoding: "utf8" }).filter((name) =>
    /\.tmp-|\.lock-/.test(name),
  );
  return {
    last: checkpoint("last"),
    best: checkpoint("best"),
    metrics: timeless(text("metrics.jsonl")),
    probes: text("probes.jsonl"),
    summary: text("summary.csv"),
    leftovers,
  };
}

/** Where two endings differ, in words. */
export function differences(found: Record<string, unknown>, expected: Record<string, unknown>): string[] {
  return Object.keys(expected).flatMap((key) => {
    const [a, b] = [JSON.stringify(found[key]), JSON.stringify(expected[key])];
    if (a === b) return [];
    let at = 0;
    while (a[at] === b[at]) at++;
    const around = (text: string) => text.slice(Math.max(0, at - 60), at + 100);
    return [`${key} is …${around(a)}…, expected …${around(b)}…`];
  });
}
