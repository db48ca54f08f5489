/** @file Damaged inputs for every reader, in processes that are watched: no crash, no hang, no error but ours. */

import { type ChildProcess, fork } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type CampaignOptions, type CampaignResult, Kinds } from "./campaign.ts";
import { inputOf, type Message, PATIENCE } from "./fuzz-child.ts";
import { targets } from "./fuzz-targets.ts";

/** Milliseconds without a word, in which each reader has its turn, after which a process counts as hung. */
const SILENCE = 4 * PATIENCE;

export default async function campaign({ until, seed, keep }: CampaignOptions): Promise<CampaignResult> {
  const byName = new Map((await targets()).map((target) => [target.name, target]));
  const folder = mkdtempSync(join(tmpdir(), "vitrine-fuzz-"));
  const tried: Record<string, number> = {};
  const failures: string[] = [];
  const kinds = new Kinds();

  const note = (from: number, name: string, index: number, what: string): void => {
    if (!kinds.isNew(`${name}: ${what}`)) return;
    mkdirSync(keep, { recursive: true });
    const file = join(keep, `${name.replace(/\W/g, "-")}-${from}-${index}`);
    writeFileSync(file, inputOf(byName.get(name)!, from, index));
    failures.push(`${name}: expected a value or an error of ours, got ${what}; ${file}`);
  };

  /** One process after another, the next with another seed, until the time is up. */
  async function lane(number: number): Promise<void> {
    const status = join(folder, `status-${number}`);
    for (let life = 0; performance.now() < until; life++) {
      const own = seed * 1000 + number * 100 + life;
      const child = fork(fileURLToPath(new URL("./fuzz-child.ts", import.meta.url)), [String(own), status], {
        stdio: ["ignore", "ignore", "ignore", "ipc"], // what readers say of a file is no news here
      });
      const how = await watched(child, until, (message) => {
        if ("fault" in message) note(own, message.fault.target, message.fault.index, message.fault.what);
        else if ("tried" in message)
          for (const [name, count] of Object.entries(message.tried)) tried[name] = (tried[name] ?? 0) + count;
      });
      if (how === undefined) return;
      const { target, index } = JSON.parse(readFileSync(status, "utf8") || "{}") as {
        target?: string;
        index?: number;
      };
      if (target === undefined || index === undefined)
        throw new Error(`a process of the campaign ${how} before it began`);
      note(own, target, index, how);
    }
  }

  try {
    await Promise.all(Array.from({ length: Math.min(8, availableParallelism()) }, (_, i) => lane(i)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return { tried, failures: [...failures, ...kinds.rest] };
}

/** How a process ended before its time, if it did. */
function watched(
  child: ChildProcess,
  until: number,
  hear: (message: Message) => void,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    let hung = false;
    let timer: NodeJS.Timeout | undefined;
    const wait = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        hung = true;
        child.kill("SIGKILL");
      }, SILENCE);
    };
    const end = setTimeout(
      () => {
        clearTimeout(timer);
        child.kill("SIGKILL");
        resolve(undefined);
      },
      Math.max(0, until - performance.now()),
    );
    child.on("message", (message: Message) => {
      if (!("ready" in message) || timer === undefined) wait();
      hear(message);
    });
    child.on("exit", (code, signal) => {
      clearTimeout(timer);
      clearTimeout(end);
      resolve(hung ? "a hang" : `its end by ${signal ?? `code ${code}`}`);
    });
  });
}
