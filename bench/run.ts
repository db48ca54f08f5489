/**
 * @file `npm run bench [NAME…] [-- --quick --threads N --device cuda --noisy --output FILE]` measures and writes bench/results/;
 * `npm run bench compare BEFORE.json AFTER.json` sets two results side by side; `--before FOLDER` has the same tasks of
 * another checkout, built and set up, take turns with ours.
 */

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { hint } from "../src/base/nearest.ts";
import { built } from "./built.ts";
import type { Bench, Row } from "./harness.ts";
import { BUSY, type Machine, machine, watchOthers } from "./machine.ts";
import { peerProblem } from "./python.ts";
import { changeTable, resultTable, turnsTable } from "./report.ts";
import { Side, type Turns } from "./side.ts";

const NAMES = [
  "operator-call",
  "device",
  "matmul",
  "train-step",
  "coding-rate",
  "memory-flat",
  "help",
  "start",
  "mcr2",
  "redunet",
  "ctrl-loss",
  "cpp-loss",
  "cluster",
  "tost",
  "mae-step",
  "gpt-step",
  "segmentation",
  "input",
  "scale",
  "buckets",
  "page",
  "studio",
  "studio-page",
];

/** What runs on other devices too. */
const STEPS = ["device", "matmul", "train-step", "mae-step", "gpt-step"];

interface Result {
  machine: Machine;
  threads: number;
  date: string;
  /** Share of the processors that others took meanwhile. */
  others: number;
  rows: Row[];
  /** With `--before`. */
  turns?: readonly Turns[];
}

const say = (text: string): void => void process.stderr.write(`${text}\n`);
const fail = (text: string): never => {
  say(text);
  process.exit(2);
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: "boolean", default: false },
    noisy: { type: "boolean", default: false },
    threads: { type: "string", default: String(availableParallelism()) },
    device: { type: "string", default: "cpu" },
    output: { type: "string" },
    before: { type: "string" },
  },
});

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

async function measure(names: readonly string[]): Promise<void> {
  const { quick, noisy, device } = values;
  const threads = quick ? 1 : Number(values.threads); // two idle pools in turns are slow where others work too
  if (!Number.isInteger(threads) || threads < 1)
    fail(`--threads: expected a whole number from 1 on, got ${values.threads}`);
  for (const name of names)
    if (device !== "cpu" && NAMES.includes(name) && !STEPS.includes(name))
      fail(`${name} runs on the cpu only; with --device there are ${STEPS.join(", ")}`);
    else if (!NAMES.includes(name))
      fail(`no bench "${name}"${hint(name, NAMES)}; there are ${NAMES.join(", ")}`);
  const glance = watchOthers();
  await sleep(quick ? 0 : 2000);
  const before = quick ? 0 : glance();
  if (before > BUSY && !noisy)
    fail(
      `the machine is busy: others take ${percent(before)} of it, expected at most ${percent(BUSY)}; wait, or measure with --noisy`,
    );
  built(!quick);
  if (values.before !== undefined) Side.before = resolve(values.before);
  const others = watchOthers();
  const rows: Row[] = [];
  let turnsSaid = 0;
  for (const name of names.length > 0 ? names : device === "cpu" ? NAMES : STEPS) {
    const { bench } = (await import(`./${name}.bench.ts`)) as { bench: Bench };
    const problem = bench.peer ? peerProblem(bench.peer) : undefined;
    if (problem !== undefined) say(`${name}: skipped. ${problem}`);
    else
      try {
        const found = await bench.run({ quick, threads, device, say });
        // tiny sizes say nothing about a goal
        const own = quick ? found.map(({ goal: _, ...row }) => row) : found;
        rows.push(...own);
        if (names.length === 1) continue;
        say(`\n${resultTable(own)}\n`);
        if (Side.before) say(`${turnsTable(Side.turns.slice(turnsSaid))}\n`);
        turnsSaid = Side.turns.length;
      } catch (error) {
        say(`${name}: ${(error as Error).message}`);
        process.exitCode = 1; // the other questions are still worth their answers
      }
  }
  const date = new Date().toISOString();
  const result: Result = {
    machine: machine(),
    threads,
    date,
    others: others(),
    rows,
    ...(Side.before && { turns: Side.turns }),
  };
  const name = `${date.slice(0, 19).replaceAll(":", "")}-${result.machine.commit.slice(0, 7)}.json`;
  const file = values.output ?? join(import.meta.dirname, "results", name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
  print(result);
  say(file);
}

function print({ machine, threads, others, rows, turns }: Result): void {
  const { cpu, cores, flags, libtorch, node, commit } = machine;
  console.log(resultTable(rows));
  if (turns !== undefined) console.log(`\n${turnsTable(turns)}`);
  console.log(
    `\n${cpu}, ${cores} cores (${flags.join(" ")}), ${threads} threads, libtorch ${libtorch}, Node ${node}, commit ${commit}`,
  );
  const busy = others > BUSY ? ": not quiet, measure again before quoting this" : "";
  console.log(`others took ${percent(others)}${busy}`);
}

if (positionals[0] === "compare") {
  const [before, after] = positionals
    .slice(1)
    .map((file) => JSON.parse(readFileSync(file, "utf8")) as Result);
  if (before === undefined || after === undefined)
    fail("compare: expected two results, BEFORE.json AFTER.json");
  else console.log(changeTable(before.rows, after.rows));
} else await measure(positionals);
process.exit(); // a side that failed leaves the other one waiting
