/** @file Runs of several processes for tests. */

import { fileURLToPath } from "node:url";
import { freePort } from "./ranks.ts";
import { type Ended, program, type Running } from "./spawn.ts";

/** A tiny run by name, with settings over its own. */
export type TinyRun = readonly [name: string, settings?: object];

/** Starts `size` processes that train tiny runs together, each into a folder of its name below `root`. */
export async function startTraining(
  size: number,
  root: string,
  words: string,
  runs: readonly TinyRun[],
  more: (rank: number) => NodeJS.ProcessEnv = () => ({}),
): Promise<Running[]> {
  const list: [string, number, object][] = [];
  for (const [name, settings = {}] of runs) list.push([name, await freePort(), settings]);
  const entry = fileURLToPath(new URL("./train-rank.ts", import.meta.url));
  return Array.from({ length: size }, (_, rank) =>
    program([entry, root, words, JSON.stringify(list)], {
      ...process.env,
      ...{ WORLD_SIZE: String(size), RANK: String(rank), MASTER_ADDR: "127.0.0.1" },
      OMP_NUM_THREADS: "1",
      VITRINE_TIMEOUT: "30",
      ...more(rank),
    }),
  );
}

/** Their ends, which are good. */
export async function trained(started: Promise<Running[]>): Promise<Ended[]> {
  const ends = await Promise.all((await started).map(({ ended }) => ended));
  const bad = ends.find(({ code }) => code !== 0);
  if (bad !== undefined)
    throw new Error(`a process ended with ${bad.code}: ${ends.map(({ stderr }) => stderr).join(" | ")}`);
  return ends;
}
