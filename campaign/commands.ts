/** @file Commands of the built program, with files and values of flags that do not belong together. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CampaignOptions, type CampaignResult, Kinds } from "./campaign.ts";
import { commandLines } from "./command-lines.ts";
import { Dice } from "./mutate.ts";
import { RunWorker } from "./run-workers.ts";
import { requireBuilt } from "./tiny-runs.ts";

/** What a command may end with, whatever it is given: done, failed, usage, data, libtorch, disk. */
const ALLOWED = new Set([0, 1, 2, 3, 4, 7]);
/** Seconds that a command on tiny files may take, with other work on the machine. */
const LONGEST = 30;

export default async function campaign({ until, seed }: CampaignOptions): Promise<CampaignResult> {
  requireBuilt();
  const root = mkdtempSync(join(tmpdir(), "vitrine-commands-"));
  const tried: Record<string, number> = {};
  const failures: string[] = [];
  const kinds = new Kinds();
  const workers = [new RunWorker(), new RunWorker()];
  let number = 0;
  try {
    const { folder, draw } = await commandLines(root, workers[0]!);
    const work = async (worker: RunWorker, lane: number): Promise<void> => {
      while (performance.now() < until) {
        const args = draw(new Dice(seed, number++), `out-${lane}`);
        const { code, text, seconds } = await worker.perform({ root: folder, args });
        tried[args[0]!] = (tried[args[0]!] ?? 0) + 1;
        for (const wrong of judge(args, code, text, seconds)) {
          if (kinds.isNew(`${args[0]}: ${wrong}`))
            failures.push(`vitrine ${args.map(quoted).join(" ")}: ${wrong}`);
        }
      }
    };
    await Promise.all(workers.map(work));
  } finally {
    for (const worker of workers) worker.end();
    rmSync(root, { recursive: true, force: true });
  }
  return { tried, failures: [...failures, ...kinds.rest] };
}

/** Commands of commands: alone they print their help. */
const GROUPS = ["config", "data", "models", "recipes", "runs"];

function judge(args: readonly string[], code: number, text: string, seconds: number): string[] {
  const wrong: string[] = [];
  if (!ALLOWED.has(code)) wrong.push(`ended with ${code}: ${text.slice(0, 600)}`);
  else if (code !== 0 && text.trim() === "" && !(args.length === 1 && GROUPS.includes(args[0]!)))
    wrong.push(`ended with ${code} without a word`);
  else if (text.length > 3000) wrong.push(`said ${text.length} characters`);
  else if (code === 1 && /\.ts:\d|\.js:\d|Exception raised from/.test(text)) wrong.push(`said ${text}`);
  if (seconds > LONGEST) wrong.push(`took ${seconds.toFixed(1)} s`);
  return wrong;
}

const quoted = (word: string): string =>
  /^[\w./:=,-]+$/.test(word) ? word : `'${JSON.stringify(word).slice(1, -1)}'`;
