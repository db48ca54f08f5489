/** @file The processes that train together: how they meet, what has to be the same in all of them. */

import { readFileSync } from "node:fs";
import type { World } from "../base/world.ts";
import { type Group, native, openGroup, UsageError } from "../tensor/index.ts";
import { differences, FREE, inWords } from "./differences.ts";

/** Waits for the other processes; nothing for a process on its own. @throws {PeerLostError} some do not come */
export async function joinWorld({
  rank,
  size,
  meeting,
  restart,
  socket,
  timeout,
}: World): Promise<Group | undefined> {
  if (meeting === undefined) return undefined;
  const { address, port, serves, run } = meeting;
  return await openGroup({
    ...{ rank, size, host: address, port, served: rank === 0 && !serves },
    ...{ prefix: `${run}/${restart}`, network: socket, stepSeconds: timeout },
  });
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

/**
 * Rank 0's folder and way of resuming, for all ranks.
 * @throws {UsageError} on every rank: whose settings or versions are other ones, and which
 */
export function agree(group: Group, own: Agreed): Agreed {
  const { settings, ...place } = own;
  requireSame(group, { ...settings, vitrine: version, libtorch: native().versions().torch });
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
