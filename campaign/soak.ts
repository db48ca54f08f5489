/** @file The studio for minutes: a run that writes ten lines a second, two readers that go and come back, memory looked at. */

import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { random } from "../src/tensor/random.ts";
import { lockRun } from "../src/train/run-lock.ts";
import type { CampaignOptions, CampaignResult } from "./campaign.ts";
import { StudioProcess } from "./studio-process.ts";

/** Lines in a second. */
const EACH_SECOND = 10;
/** MiB by which the resident memory may grow from its first quarter to its last. */
const MOST_GROWTH = 16;

/** The run's metrics as training writes them. */
const line = (step: number, draw: () => number): string =>
  `${JSON.stringify({ step, "train/loss": 2 / (1 + step / 1000) + draw() / 10, lr: 1e-3, "system/residentBytes": 3e8 })}\n`;

export default async function campaign({ until, seed }: CampaignOptions): Promise<CampaignResult> {
  const root = mkdtempSync(join(tmpdir(), "vitrine-soak-"));
  const run = join(root, "run");
  mkdirSync(run);
  const recipe = { model: { name: "crate" }, data: { name: "digits" }, method: { name: "supervised" } };
  writeFileSync(join(run, "recipe.json"), JSON.stringify(recipe));
  writeFileSync(join(run, "metrics.jsonl"), "");
  const lock = lockRun(run);
  const stream = random(seed);
  const draw = () => stream.at("line").number();
  const studio = await StudioProcess.start(root);
  const failures: string[] = [];
  const memory: number[] = [];
  let written = 0;
  try {
    const [{ id }] = (await studio.json("/api/runs")) as [{ id: string }];
    const readers = [0, 1].map((number) => read(studio, id, until, stream.at(`reader.${number}`)));
    for (let tick = 0; performance.now() < until; tick++) {
      appendFileSync(join(run, "metrics.jsonl"), line(++written, draw));
      if (tick % EACH_SECOND === 0) memory.push(studio.resident());
      // what the page asks of a run that it shows
      if (tick % (5 * EACH_SECOND) === 0) await studio.bytes(`/api/runs/${id}/metrics?px=800`);
      await sleep(1000 / EACH_SECOND);
    }
    lock.release();
    for (const [number, seen] of (await Promise.all(readers)).entries()) {
      const missed = Array.from({ length: written }, (_, i) => i + 1).filter((step) => !seen.has(step));
      if (missed.length > 0)
        failures.push(`reader ${number} missed ${missed.length} of ${written} lines, such as ${missed[0]}`);
    }
    const quarter = Math.max(1, Math.floor(memory.length / 4));
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const [first, last] = [mean(memory.slice(quarter, 2 * quarter)), mean(memory.slice(-quarter))];
    console.log(
      `resident memory: ${first.toFixed(1)} MiB in the second quarter, ${last.toFixed(1)} MiB in the last`,
    );
    if (last - first > MOST_GROWTH) failures.push(`resident memory grew by ${(last - first).toFixed(1)} MiB`);
  } finally {
    studio.end();
    lock[Symbol.dispose]();
    rmSync(root, { recursive: true });
  }
  return { tried: { lines: written }, failures };
}

/** Steps that a reader is told, who breaks off every few seconds and comes back with what it had, as a browser does. */
async function read(
  studio: StudioProcess,
  id: string,
  until: number,
  chance: ReturnType<typeof random>,
): Promise<Set<number>> {
  const seen = new Set<number>();
  let last = "0";
  for (let visit = 0; ; visit++) {
    const stay = performance.now() + 3000 + 12_000 * chance.at(`${visit}`).number();
    const leave = () => performance.now() > stay && performance.now() < until;
    const ended = await studio.listen(`/api/runs/${id}/tail`, last, leave, (event, at) => {
      last = at;
      const { type, rows = [] } = event as { type: string; rows?: { step: number }[] };
      for (const { step } of rows) seen.add(step);
      return type === "ended";
    });
    if (ended) return seen;
  }
}
