/** @file Groups of processes for tests: a function of a file, run by P processes of one thread each. */

import { fileURLToPath } from "node:url";
import { claimPort } from "../src/cli/ports.ts";
import { type Ended, program, type Running } from "./spawn.ts";

/** A port that nobody uses. */
export const freePort = (): Promise<number> => claimPort(0, "127.0.0.1");

/** Starts `size` processes that call `name` of a file with their group. */
export async function startRanks(
  size: number,
  file: URL,
  name: string,
  { stepSeconds = 30 }: { stepSeconds?: number } = {},
): Promise<Running[]> {
  const port = await freePort();
  const entry = fileURLToPath(new URL("./rank.ts", import.meta.url));
  const settings = { WORLD_SIZE: String(size), PORT: String(port), STEP_SECONDS: String(stepSeconds) };
  return Array.from({ length: size }, (_, rank) =>
    program([entry, file.href, name], {
      ...process.env,
      ...settings,
      RANK: String(rank),
      OMP_NUM_THREADS: "1",
    }),
  );
}

/** What each of `size` processes gives. @throws one of them ends with an error, which is said */
export async function onRanks<T>(size: number, file: URL, name: string): Promise<T[]> {
  const ends = await Promise.all((await startRanks(size, file, name)).map(({ ended }) => ended));
  const bad = ends.find(({ code }) => code !== 0);
  if (bad !== undefined) throw new Error(`a process ended with ${bad.code}: ${said(ends)}`);
  return ends.map(({ stdout }) => JSON.parse(stdout) as T);
}

const said = (ends: readonly Ended[]): string => ends.map(({ stderr }) => stderr.trim()).join(" | ");
