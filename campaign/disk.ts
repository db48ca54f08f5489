/** @file Runs of every method in which one file operation after the other fails, then gone on with to their end. */

import { cpSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { random } from "../src/tensor/random.ts";
import type { CampaignOptions, CampaignResult } from "./campaign.ts";
import { brokenPromises, differences, endingOf } from "./run-check.ts";
import type { Done, Job } from "./run-worker.ts";
import { RunWorker } from "./run-workers.ts";
import { METHODS, requireBuilt, writeRuns } from "./tiny-runs.ts";

const CODES = ["ENOSPC", "EIO", "EACCES", "EMFILE", "half"];

/** The codes that a file operation which fails may end a run with: usage and data where a recipe or data are read. */
const ALLOWED = new Set([0, 2, 3, 4, 7]);

/** A method whose operations are failed in an order of its own. */
interface Plan {
  method: string;
  recipe: string;
  ending: Record<string, unknown>;
  /** Numbers of the operations that have not been failed yet. */
  left: number[];
}

export default async function campaign({ until, seed, keep }: CampaignOptions): Promise<CampaignResult> {
  requireBuilt();
  const root = mkdtempSync(join(tmpdir(), "vitrine-disk-"));
  const recipes = writeRuns(root);
  const dice = random(seed);
  const tried: Record<string, number> = {};
  const failures: string[] = [];
  const plans: Plan[] = [];
  const order = dice.at("methods");
  const unplanned = shuffled([...METHODS], () => order.number());
  let next = 0;

  const work = async (worker: RunWorker): Promise<void> => {
    for (
      let method = unplanned.pop();
      method !== undefined && performance.now() < until;
      method = unplanned.pop()
    ) {
      const [recipe, run] = [recipes.get(method)!, join(root, `${method}-whole`)];
      const { code, text, operations } = await worker.perform({ root, recipe, run });
      if (code !== 0) throw new Error(`${method}: the run without faults ended with ${code}: ${text}`);
      const stream = dice.at(method);
      const numbers = Array.from({ length: operations }, (_, i) => i + 1);
      plans.push({ method, recipe, ending: endingOf(run), left: shuffled(numbers, () => stream.number()) });
    }
    while (performance.now() < until) {
      const open = plans.filter(({ left }) => left.length > 0);
      if (open.length === 0) return;
      const plan = open[next++ % open.length]!;
      const { method, recipe } = plan;
      const at = plan.left.pop()!;
      const chance = dice.at(`${method} ${at}`);
      const fail = {
        at,
        code: CODES[Math.floor(chance.number() * CODES.length)]!,
        on: chance.number() < 0.3,
      };
      const run = join(root, `${method}-${at}`);
      const wrong = await fault(worker, { root, recipe, run, fail }, plan.ending);
      tried[method] = (tried[method] ?? 0) + 1;
      if (wrong.length > 0) {
        const kept = join(keep, `disk-${method}-${at}-${fail.code}${fail.on ? "-on" : ""}`);
        if (existsSync(run)) cpSync(run, kept, { recursive: true });
        failures.push(
          `${method}, operation ${at}, ${fail.code}${fail.on ? " from there on" : ""}: ${wrong.join("; ")} (${kept})`,
        );
      }
      rmSync(run, { recursive: true, force: true });
    }
  };
  const workers = [new RunWorker(), new RunWorker()];
  try {
    await Promise.all(workers.map(work));
  } finally {
    for (const worker of workers) worker.end();
    rmSync(root, { recursive: true, force: true });
  }
  for (const { method, left } of plans)
    if (left.length > 0) console.log(`${method}: ${left.length} operations left`);
  return { tried, failures };
}

/** A run with a fault, then the same without: what was promised and not kept. */
async function fault(worker: RunWorker, job: Job, ending: Record<string, unknown>): Promise<string[]> {
  const failed = await worker.perform(job);
  const wrong = [...judge(failed), ...brokenPromises(job.run)].map((text) => `${text} ${inWords(failed)}`);
  const { fail: _, ...peace } = job;
  const { code, text } = await worker.perform(peace);
  if (code !== 0) return [...wrong, `going on ended with ${code}: ${text} ${inWords(failed)}`];
  const after = [...brokenPromises(job.run), ...differences(endingOf(job.run), ending)];
  return [...wrong, ...after.map((text) => `after going on ${text} ${inWords(failed)}`)];
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
