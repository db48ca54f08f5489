/** @file Runs of every method in which one file operation after the other fails, then gone on with to their end. */

import { cpSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { random } from "../src/tensor/random.ts";
import type { CampaignOptions, CampaignResult } from "./campaign.ts";
import { brokenPromises, differences, endingOf, hangs } from "./run-check.ts";
import type { Done, Job } from "./run-worker.ts";
import { RunWorker } from "./run-workers.ts";
import { METHODS, requireBuilt, writeRuns } from "./tiny-runs.ts";

const CODES = ["ENOSPC", "EIO", "EACCES", "EMFILE", "half"];

/** The codes that a file operation which fails may end a run with: usage and data where a recipe or data are read. */
const ALLOWED = new Set([0, 2, 3, 4, 7]);

/** A method's run without faults. */
interface Whole {
  recipe: string;
  operations: number;
  seconds: number;
  ending: Record<string, unknown>;
}

export default async function campaign({
  until,
  seed,
  keep,
  from = 0,
}: CampaignOptions): Promise<CampaignResult> {
  requireBuilt();
  const root = mkdtempSync(join(tmpdir(), "vitrine-disk-"));
  const recipes = writeRuns(root);
  const dice = random(seed);
  const tried: Record<string, number> = {};
  const failures: string[] = [];
  const workers = [new RunWorker(), new RunWorker()];

  /** Both workers on one list, until it is empty or the time is up. */
  const share = <T>(list: T[], work: (worker: RunWorker, item: T) => Promise<void>) =>
    Promise.all(
      workers.map(async (worker) => {
        while (list.length > 0 && performance.now() < until) await work(worker, list.shift()!);
      }),
    );

  const wholes = new Map<string, Whole>();
  const whole = async (worker: RunWorker, method: string): Promise<void> => {
    const [recipe, run] = [recipes.get(method)!, join(root, `${method}-whole`)];
    const { code, text, operations, seconds } = await worker.perform({ root, recipe, run });
    if (code !== 0) throw new Error(`${method}: the run without faults ended with ${code}: ${text}`);
    wholes.set(method, { recipe, operations, seconds, ending: endingOf(run) });
  };

  const meet = async (worker: RunWorker, { method, at }: { method: string; at: number }): Promise<void> => {
    const chance = dice.at(`${method} ${at}`);
    const fail = { at, code: CODES[Math.floor(chance.number() * CODES.length)]!, on: chance.number() < 0.3 };
    const run = join(root, `${method}-${at}`);
    const wrong = await fault(worker, wholes.get(method)!, { root, run, fail });
    tried[method] = (tried[method] ?? 0) + 1;
    if (wrong.length > 0) {
      const kept = join(keep, `disk-${method}-${at}-${fail.code}${fail.on ? "-on" : ""}`);
      if (existsSync(run)) cpSync(run, kept, { recursive: true });
      failures.push(
        `${method}, operation ${at}, ${fail.code}${fail.on ? " from there on" : ""}: ${wrong.join("; ")} (${kept})`,
      );
    }
    rmSync(run, { recursive: true, force: true });
  };

  try {
    await share([...METHODS], whole);
    for (const [method, { operations, seconds }] of wholes)
      console.log(`${method}: ${operations} operations in ${seconds.toFixed(1)} s`);
    // every operation of every method once, in an order that the seed tells alone
    const stream = dice.at("order");
    const every = METHODS.flatMap((method) =>
      Array.from({ length: wholes.get(method)?.operations ?? 0 }, (_, i) => ({ method, at: i + 1 })),
    );
    const left = shuffled(every, () => stream.number()).slice(from);
    await share(left, meet);
    const done = every.length - left.length;
    console.log(`${done} of ${every.length} operations failed once; --seed ${seed} --from ${done} goes on`);
  } finally {
    for (const worker of workers) worker.end();
    rmSync(root, { recursive: true, force: true });
  }
  return { tried, failures };
}

/** A run with a fault, then the same without: what was promised and not kept. */
async function fault(
  worker: RunWorker,
  { recipe, seconds, ending }: Whole,
  { root, run, fail }: Required<Pick<Job, "root" | "run" | "fail">>,
): Promise<string[]> {
  const failed = await worker.perform({ root, recipe, run, fail });
  const wrong = [...judge(failed), ...hangs(failed.seconds, seconds), ...brokenPromises(run)];
  const { code, text, seconds: took } = await worker.perform({ root, recipe, run });
  wrong.push(...hangs(took, seconds));
  if (code !== 0) wrong.push(`going on ended with ${code}: ${text}`);
  else
    for (const what of [...brokenPromises(run), ...differences(endingOf(run), ending)])
      wrong.push(`after going on ${what}`);
  return wrong.map((what) => `${what} ${inWords(failed)}`);
}

const inWords = ({ failed }: Done) => (failed === undefined ? "" : `[${failed.name} ${failed.path}]`);

function judge({ code, text }: Done): string[] {
  if (!ALLOWED.has(code)) return [`ended with ${code}: ${text}`];
  return code !== 0 && text.trim().split("\n").length !== 1 ? [`said ${JSON.stringify(text)}`] : [];
}

/** In an order at random: every one comes once. */
function shuffled<T>(list: T[], number: () => number): T[] {
  for (let i = list.length - 1; i > 0; i--) {
    const j = Math.floor(number() * (i + 1));
    [list[i], list[j]] = [list[j]!, list[i]!];
  }
  return list;
}
