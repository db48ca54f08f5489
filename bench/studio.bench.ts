/** @file How fast is the studio's server: a thousand runs, a file of a million records, a line that is written, nothing to do. */

import { appendFileSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { StudioProcess } from "../campaign/studio-process.ts";
import { lockRun } from "../src/train/run-lock.ts";
import type { Bench, Row } from "./harness.ts";
import { summarise } from "./statistics.ts";

export const row = (
  what: string,
  unit: string,
  values: readonly number[],
  most: number,
  note?: string,
): Row => ({
  ...{
    question: "studio",
    what,
    unit,
    ours: summarise(values),
    goal: { of: "ours", at: "most", value: most },
  },
  ...(note !== undefined && { note }),
});

const ms = async (body: () => Promise<unknown>): Promise<number> => {
  const start = performance.now();
  await body();
  return performance.now() - start;
};

export const record = (step: number): string =>
  `${JSON.stringify({ step, "train/loss": Math.sin(step / 1000) + 2, "train/gradientNorm": 1.5, lr: 1e-3 })}\n`;

/** A run as training leaves it: a recipe, numbers, a checkpoint with what it found. */
export function makeRun(folder: string, records: number): void {
  const at = join(folder, "checkpoints", "step-00000100");
  mkdirSync(at, { recursive: true });
  const recipe = { model: { name: "crate" }, data: { name: "digits" }, method: { name: "supervised" } };
  writeFileSync(join(folder, "recipe.json"), JSON.stringify(recipe));
  for (const pointer of ["last", "best"])
    writeFileSync(join(folder, "checkpoints", pointer), "step-00000100\n");
  const milestone = { result: { text: "test accuracy 90.0 %" } };
  writeFileSync(join(at, "trainer_state.json"), JSON.stringify({ state: { step: 100, milestone } }));
  const file = openSync(join(folder, "metrics.jsonl"), "w");
  for (let from = 0; from < records; from += 10_000)
    writeSync(file, Array.from({ length: Math.min(10_000, records - from) }, (_, i) => record(from + i)).join("")); // biome-ignore format: short
}

export async function withRuns<T>(
  make: (root: string) => void,
  body: (studio: StudioProcess, root: string) => Promise<T>,
) {
  const root = mkdtempSync(join(tmpdir(), "vitrine-studio-bench-"));
  try {
    make(root);
    const studio = await StudioProcess.start(root);
    try {
      return await body(studio, root);
    } finally {
      studio.end();
    }
  } finally {
    rmSync(root, { recursive: true });
  }
}

/** The first list after the start, which reads them all, and the next ones. */
const listed = (count: number, rounds: number) =>
  withRuns(
    (root) => {
      for (let i = 0; i < count; i++) makeRun(join(root, `run-${i}`), 100);
    },
    async (studio) => {
      const first = await ms(() => studio.json("/api/runs"));
      const next: number[] = [];
      for (let round = 0; round < rounds; round++) next.push(await ms(() => studio.json("/api/runs")));
      return { first, next };
    },
  );

/** Of a file that nobody has read: the overview, then all of it. */
async function large(records: number, rounds: number) {
  const found = { overview: [] as number[], exact: [] as number[], again: [] as number[] };
  for (let round = 0; round < rounds; round++)
    await withRuns(
      (root) => makeRun(join(root, "run"), records),
      async (studio) => {
        const [{ id }] = (await studio.json("/api/runs")) as [{ id: string }];
        const ask = () => studio.bytes(`/api/runs/${id}/metrics?px=1000&names=train/loss`);
        found.overview.push(await ms(ask));
        found.exact.push((await ms(ask)) / 1000);
        found.again.push(await ms(ask));
      },
    );
  return found;
}

/** Milliseconds from a line that is written to its event; and the share of a processor that listening takes. */
const live = (lines: number, seconds: number) =>
  withRuns(
    (root) => makeRun(join(root, "run"), 100),
    async (studio, root) => {
      using _ = lockRun(join(root, "run"));
      const [{ id }] = (await studio.json("/api/runs")) as [{ id: string }];
      const delays: number[] = [];
      let [sent, over] = [0, false];
      const listening = studio.listen(`/api/runs/${id}/tail`, "0", () => over, (event) => {
        const { rows = [] } = event as { rows?: { step: number }[] };
        if (rows.at(-1)?.step === 1e6 + delays.length) delays.push(performance.now() - sent);
        return false;
      }); // biome-ignore format: short
      await sleep(500);
      for (let i = 0; i < lines; i++) {
        sent = performance.now();
        appendFileSync(join(root, "run", "metrics.jsonl"), record(1e6 + i));
        while (delays.length <= i) await sleep(1);
        await sleep(37 * (i % 7));
      }
      const before = studio.processorSeconds();
      await sleep(1000 * seconds);
      const share = (100 * (studio.processorSeconds() - before)) / seconds;
      over = true;
      await listening;
      return { delays, share };
    },
  );

export const bench: Bench = {
  name: "studio",
  about: "the studio's server: lists, large files, a line that is written, idleness",
  peer: false,
  async run({ quick }) {
    const { first, next } = await listed(quick ? 20 : 1000, quick ? 2 : 9);
    const { overview, exact, again } = await large(quick ? 200_000 : 1_000_000, quick ? 1 : 5);
    const { delays, share } = await live(quick ? 3 : 50, quick ? 1 : 30);
    return [
      row("1,000 runs listed, the first time", "ms", [first], 300),
      row("1,000 runs listed again", "ms", next, 300),
      row("a file of a million records: overview", "ms", overview, 50),
      row("the same, exact", "s", exact, 1, "all records read, four names"),
      row("the same, once it is known", "ms", again, 50),
      row("a written line to its event", "ms", delays, 250),
      row("idle, one page open", "% of a core", [share], 1),
    ];
  },
};
