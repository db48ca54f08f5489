/** @file The processes that train together: how they meet, what has to be the same in all of them. */

import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { talk } from "../base/talk.ts";
import { threadsHere, type World } from "../base/world.ts";
import { type Group, native, openGroup, StoppedError, UsageError } from "../tensor/index.ts";
import { differences, FREE, inWords } from "./differences.ts";
import type { Method } from "./method.ts";

/**
 * Waits for the other processes; nothing for a process on its own.
 * @param device what this process computes on
 * @throws {PeerLostError} some do not come
 */
export async function joinWorld(
  { rank, size, localRank, meeting, restart, socket, timeout }: World,
  device = "cpu",
): Promise<Group | undefined> {
  if (meeting === undefined) return undefined;
  const isGpu = device.startsWith("cuda");
  const { nccl } = native().versions();
  if (isGpu && !nccl && localRank === 0)
    talk("the addon is compiled without NCCL: what the GPUs send each other goes by way of the processor");
  const { address, port, serves, run } = meeting;
  return await openGroup({
    ...{ rank, size, host: address, port, served: rank === 0 && !serves },
    ...{ prefix: `${run}/${restart}`, network: socket, stepSeconds: timeout, nccl: isGpu && nccl },
  });
}

/** @throws {UsageError} a method that only one process works at */
export function requireAcross(
  { size }: World,
  { across }: Pick<Method<never>, "across">,
  name: string,
): void {
  if (size > 1 && across !== true)
    throw new UsageError(
      `method.name: ${name} trains in one process, got WORLD_SIZE ${size}; start it without vitrine launch`,
      { path: "method.name" },
    );
}

/** Threads of one of several processes, said in a line; libtorch chooses for a process on its own. */
export function threadsOf(world: World): number | undefined {
  if (world.size === 1) return undefined;
  const threads = threadsHere(world);
  if (world.localRank === 0)
    talk(
      `train.threads: ${threads}, of ${availableParallelism()} cores for ${world.localSize} of ${world.size} processes`,
    );
  return threads;
}

/**
 * Runs `body` with the processes of the environment, once all are there; on its own where there is one.
 * @param device what this process computes on
 * @throws {PeerLostError} some do not come, or are lost
 */
export async function together<T>(
  world: World,
  device: string,
  body: (across: Group | undefined) => Promise<T>,
): Promise<T> {
  const across = await joinWorld(world, device);
  let failed = true;
  try {
    const result = await body(across);
    failed = false;
    return result;
  } catch (error) {
    failed = !(error instanceof StoppedError); // all have stopped at the same step
    throw error;
  } finally {
    await across?.close({ failed });
  }
}

/** What rank 0 says of the run: where it is, and what all have to agree on. */
export interface Agreed {
  output: string;
  resume?: string | undefined;
  settings: object;
}

const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
  version: string;
};

/** What computes here: other versions may round in other ways, or wait for each other in another order. */
const versionsHere = () => ({ vitrine: version, libtorch: native().versions().torch });

/**
 * Rank 0's folder and way of resuming, for all ranks.
 * @throws {UsageError} on every rank: whose settings or versions are other ones, and which
 */
export function agree(group: Group, own: Agreed, versions: object = versionsHere()): Agreed {
  const { settings, ...place } = own;
  requireSame(group, { ...settings, ...versions });
  return { ...(JSON.parse(group.text(JSON.stringify(place))) as Agreed), settings };
}

/** @throws {UsageError} on every rank: the first rank whose settings are not rank 0's, and the keys */
export function requireSame(group: Group, own: object): void {
  const first = JSON.parse(group.text(JSON.stringify(own))) as object;
  const other = differences(first, JSON.parse(JSON.stringify(own))).filter((path) => !FREE.has(path));
  const rank = group.numbers([other.length]).findIndex(([count]) => count! > 0);
  if (rank < 0) return;
  const keys = group.text(inWords(other), rank);
  throw new UsageError(`rank ${rank} differs from rank 0 in ${keys}; start all processes alike`);
}
