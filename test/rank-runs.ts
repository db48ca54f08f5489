/** @file Runs that several processes make together, good ones and bad ones. */

import { fileURLToPath } from "node:url";
import { freePort } from "./ranks.ts";
import { program } from "./spawn.ts";

export interface RankRun {
  /** Of its folder. */
  name: string;
  port: number;
  /** A shipped recipe below the settings. */
  recipe?: string;
  /** Of each rank, or of all. */
  settings: readonly object[];
  maxSteps?: number;
}

/** How a run ended on a rank: its exit code, and what it said. */
export interface RankEnd {
  name: string;
  code: number;
  message: string;
}

/** The ends of all runs, rank by rank. */
export async function runOnRanks(
  size: number,
  output: string,
  runs: readonly Omit<RankRun, "port">[],
): Promise<RankEnd[][]> {
  const list: RankRun[] = [];
  for (const run of runs) list.push({ ...run, port: await freePort() });
  const entry = fileURLToPath(new URL("./run-rank.ts", import.meta.url));
  const started = Array.from({ length: size }, (_, rank) =>
    program([entry, output, JSON.stringify(list)], {
      ...process.env,
      ...{ RANK: String(rank), WORLD_SIZE: String(size), MASTER_ADDR: "127.0.0.1" },
      ...{ OMP_NUM_THREADS: "1", VITRINE_TIMEOUT: "30" },
    }),
  );
  const ends = await Promise.all(started.map(({ ended }) => ended));
  return ends.map(({ code, stdout, stderr }) => {
    if (code !== 0) throw new Error(`a process ended with ${code}: ${stderr}`);
    return stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as RankEnd);
  });
}
