/** @file Runs of every method, ended again and again by signals and at failpoints, then gone on with to their end. */

import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { random } from "../src/tensor/random.ts";
import type { CampaignOptions, CampaignResult } from "./campaign.ts";
import { killByCopies, type Victim } from "./kill-copies.ts";
import { brokenPromises, differences, endingOf, hangs } from "./run-check.ts";
import { RunWorker } from "./run-workers.ts";
import { type Ended, METHODS, requireBuilt, train, writeRuns } from "./tiny-runs.ts";

/** Signals, and the codes that a run ends with once it has begun to train. */
const SIGNALS = { SIGKILL: [], SIGTERM: [75], SIGHUP: [75], SIGINT: [130] } as const;
type Signal = keyof typeof SIGNALS;

/** Where the program can be met exactly, and how often a tiny run comes there. */
const PLACES: readonly (readonly [name: string, times: number])[] = [
  ...([
    ["run.lock", 1],
    ["run.recipe", 1],
    ["journal.write", 15],
    ["journal.summary", 3],
  ] as const),
  ...([
    ["checkpoint.open", 30],
    ["checkpoint.write", 60],
    ["checkpoint.fsync", 40],
  ] as const),
  ...([
    ["checkpoint.rename", 6],
    ["checkpoint.replace", 6],
    ["checkpoint.pointer", 10],
    ["checkpoint.prune", 6],
  ] as const),
];

/** One fault: a signal at a time in seconds, or at a failpoint. */
interface Fault {
  signal: Signal;
  after?: number;
  failpoint?: string;
}

const inWords = ({ signal, after, failpoint }: Fault) =>
  failpoint ?? `${signal} after ${after?.toFixed(2)} s`;

/** The longest chain of faults before a run may end in peace. */
const CHAIN = 10;
/** Seconds after which a process is ended. */
const PATIENCE = 300;

export default async function campaign({ until, seed, keep }: CampaignOptions): Promise<CampaignResult> {
  requireBuilt();
  const root = mkdtempSync(join(tmpdir(), "vitrine-kill-"));
  const recipes = writeRuns(root);
  const tried: Record<string, number> = {};
  const failures: string[] = [];
  const expected = new Map<string, Whole>();
  const victims = new Map<string, Pick<Victim, "writing" | "seconds" | "ending">>();

  const fail = (what: string, wrong: readonly string[], run: string, number: number) => {
    const kept = join(keep, `kill-${seed}-${number}-${basename(run)}`);
    if (existsSync(run)) cpSync(run, kept, { recursive: true });
    failures.push(`${what}: ${wrong.join("; ")} (${kept})`);
  };
  const count = (method: string, kills: number) => {
    tried[method] = (tried[method] ?? 0) + kills;
  };

  /** Real processes and real signals: one method's run, from its start through a chain of faults to its end. */
  const chain = async (number: number): Promise<void> => {
    const method = METHODS[number % METHODS.length]!;
    const dice = random(seed).at(String(number));
    const within = (n: number) => Math.floor(dice.number() * n);
    const recipe = recipes.get(method)!;
    const whole = join(root, `${method}-signals`);
    if (!expected.has(method)) {
      const { code, seconds, stderr } = await train(recipe, whole).ended;
      if (code !== 0) throw new Error(`${method}: the uninterrupted run ended with ${code}: ${stderr}`);
      expected.set(method, { ending: endingOf(whole), seconds });
    }
    const { ending, seconds: usual } = expected.get(method)!;
    const run = join(root, `${method}-${number}`);
    const faults: string[] = [];
    const wrong: string[] = [];
    for (let i = 0; wrong.length === 0 && i < CHAIN && performance.now() < until; i++) {
      const fault = draw(dice.number(), dice.number(), within, usual);
      const { finished, promises } = judge(await meet(recipe, run, fault), fault, run, expected.get(method)!);
      faults.push(inWords(fault));
      wrong.push(...promises);
      if (finished) break;
      count(method, 1);
    }
    if (wrong.length === 0) {
      const { code, signal, stderr, seconds } = await train(recipe, run).ended;
      wrong.push(...hangs(seconds, usual));
      if (code !== 0) wrong.push(`going on ended with ${code ?? signal}: ${stderr.trim()}`);
      else wrong.push(...brokenPromises(run), ...differences(endingOf(run), ending));
    }
    if (wrong.length > 0) fail(`${method} after ${faults.join(", ")}`, wrong, run, number);
    rmSync(run, { recursive: true, force: true });
  };

  /** Copies of a run's folder, made while it trains, in a process that trains one after the other. */
  const copies = async (worker: RunWorker, number: number): Promise<void> => {
    const method = METHODS[number % METHODS.length]!;
    const recipe = recipes.get(method)!;
    const whole = join(root, `${method}-copies`);
    if (!victims.has(method)) {
      const { code, text, writing, seconds } = await worker.perform({ root, recipe, run: whole });
      if (code !== 0) throw new Error(`${method}: the uninterrupted run ended with ${code}: ${text}`);
      victims.set(method, { writing, seconds, ending: endingOf(whole) });
    }
    const victim = { root, recipe, run: join(root, `${method}-c${number}`), ...victims.get(method)! };
    const { kills, wrong } = await killByCopies(worker, victim, seed + number, (folder, isWrong) => {
      if (isWrong) fail(`${method}, copies ${number}`, [basename(folder)], folder, number);
      rmSync(folder, { recursive: true, force: true });
    });
    count(method, kills);
    failures.push(...wrong.map((text) => `${method}, copies ${number}: ${text}`));
  };

  const worker = new RunWorker();
  const signals = async () => {
    for (let number = 0; performance.now() < until; number++) await chain(number);
  };
  const snapshots = async () => {
    for (let number = 0; performance.now() < until; number++) await copies(worker, number);
  };
  try {
    await Promise.all([signals(), snapshots()]);
  } finally {
    worker.end();
    rmSync(root, { recursive: true, force: true });
  }
  return { tried, failures };
}

/** A fault at random: at a failpoint, or at a time that lies in an uninterrupted run of so many seconds. */
function draw(kind: number, time: number, within: (n: number) => number, seconds: number): Fault {
  const signals = Object.keys(SIGNALS) as Signal[];
  const signal = within(2) === 0 ? "SIGKILL" : signals[within(signals.length)]!;
  if (kind < 0.4) return { signal, after: time * seconds };
  const [name, times] = PLACES[within(PLACES.length)]!;
  return { signal, failpoint: `${name}:${signal.slice(3).toLowerCase()}@${1 + within(times)}` };
}

/** A method's run without faults. */
interface Whole {
  ending: Record<string, unknown>;
  seconds: number;
}

interface Met {
  ended: Ended;
  /** Whether the run had begun to train when the signal was sent; not known at failpoints. */
  begun: boolean;
}

async function meet(recipe: string, run: string, { signal, after, failpoint }: Fault): Promise<Met> {
  const env = failpoint === undefined ? {} : { VITRINE_FAILPOINT: failpoint };
  const before = records(run);
  const { child, ended } = train(recipe, run, { env });
  let begun = false;
  const timer =
    after === undefined
      ? undefined
      : setTimeout(() => {
          begun = records(run) > before;
          child.kill(signal);
        }, after * 1000);
  const patience = setTimeout(() => child.kill("SIGKILL"), PATIENCE * 1000);
  const result = await ended;
  clearTimeout(timer);
  clearTimeout(patience);
  return { ended: result, begun };
}

/** Lines of the metrics: a run that has written one listens to signals. */
function records(run: string): number {
  const path = join(run, "metrics.jsonl");
  return existsSync(path) ? readFileSync(path, "utf8").split("\n").length : 0;
}

/** Whether the run is finished, and what it promised and did not keep. */
function judge(
  { ended, begun }: Met,
  { signal }: Fault,
  run: string,
  { ending, seconds: usual }: Whole,
): { finished: boolean; promises: string[] } {
  const { code, seconds, stderr } = ended;
  const promises = brokenPromises(run);
  const codes: readonly number[] = SIGNALS[signal];
  // before the first step and after the last nobody listens: the signal does what it does by itself
  const whole = begun && differences(endingOf(run), { last: ending.last }).length === 0;
  const early = ended.signal === signal && (signal === "SIGKILL" || !begun || whole);
  if (code !== 0 && !early && !codes.includes(code ?? -1))
    promises.push(
      `expected ${codes.join()} or ${signal}, ended with ${code ?? ended.signal}: ${stderr.trim()}`,
    );
  if (codes.includes(code ?? -1) && !existsSync(join(run, "checkpoints", "last")))
    promises.push(`ended with ${code}, and there is no checkpoint`);
  promises.push(...hangs(seconds, usual));
  return { finished: code === 0, promises };
}
