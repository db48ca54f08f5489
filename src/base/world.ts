/** @file Which of how many processes this one is, and where they meet: the variables of `vitrine launch` and of torchrun. */

import { availableParallelism } from "node:os";
import { UsageError } from "./errors.ts";

/** One of the processes that train one model together. */
export interface World {
  /** Number of this process, 0 … size − 1. */
  readonly rank: number;
  /** Processes in all; 1 for a process on its own. */
  readonly size: number;
  /** The same among the processes of this machine. */
  readonly localRank: number;
  readonly localSize: number;
  /** Where the store of all processes listens; not there for a process on its own. */
  readonly meeting?: Meeting;
  /** Earlier starts of the same processes: every key of the store begins with it, or a restart waits for the dead. */
  readonly restart: number;
  /** Seconds that a step waits for the other processes. */
  readonly timeout: number;
  /** Network interface to send through; Gloo chooses unless given. */
  readonly socket?: string;
  /** Where torchrun reads what went wrong here. */
  readonly errorFile?: string;
}

export interface Meeting {
  readonly address: string;
  readonly port: number;
  /** Whether this process serves the store: rank 0, unless torchrun does. */
  readonly serves: boolean;
  /** Name of the launch, the same in all its processes. */
  readonly run: string;
}

const REMEDY = "start with vitrine launch or torchrun, or unset it";

/**
 * The world that the environment says: RANK of WORLD_SIZE, LOCAL_RANK of LOCAL_WORLD_SIZE, MASTER_ADDR and MASTER_PORT,
 * TORCHELASTIC_{RUN_ID, RESTART_COUNT, USE_AGENT_STORE, ERROR_FILE}, GLOO_SOCKET_IFNAME, VITRINE_TIMEOUT. Without RANK and WORLD_SIZE a
 * process is on its own; without both LOCAL_ variables it is alone on its machine.
 * @throws {UsageError} a variable is missing beside others, or has no such value
 */
export function readWorld(environment: NodeJS.ProcessEnv = process.env): World {
  const given = (name: string): string | undefined => environment[name] || undefined;
  const needed = (name: string, beside: string): string => {
    const value = given(name);
    if (value !== undefined) return value;
    throw new UsageError(`${name} is missing, but ${beside} is set; ${REMEDY}`, { path: name });
  };
  const whole = (name: string, value: string, from: number, to: number): number => {
    const number = Number(value);
    if (/^\d+$/.test(value) && number >= from && number <= to) return number;
    const expected = `a whole number from ${from} to ${to}`;
    throw new UsageError(`${name}: expected ${expected}, got "${value}"; ${REMEDY}`, {
      ...{ path: name, expected, received: value },
    });
  };
  /** A number below another one, as ranks are below sizes. */
  const place = (rank: string, size: string, most: number): [number, number] => {
    const of = whole(size, needed(size, rank), 1, most);
    return [whole(rank, needed(rank, size), 0, of - 1), of];
  };
  const isSet = (...names: string[]): boolean => names.some((name) => given(name) !== undefined);

  const [rank, size] = isSet("RANK", "WORLD_SIZE") ? place("RANK", "WORLD_SIZE", 1e5) : [0, 1];
  const isLocal = size > 1 && isSet("LOCAL_RANK", "LOCAL_WORLD_SIZE");
  const [localRank, localSize] = isLocal ? place("LOCAL_RANK", "LOCAL_WORLD_SIZE", size) : [0, 1];
  const socket = given("GLOO_SOCKET_IFNAME");
  const errorFile = given("TORCHELASTIC_ERROR_FILE");
  return {
    ...{ rank, size, localRank, localSize },
    ...(size > 1 && {
      meeting: {
        address: needed("MASTER_ADDR", "RANK"),
        port: whole("MASTER_PORT", needed("MASTER_PORT", "RANK"), 1, 65535),
        serves: rank === 0 && given("TORCHELASTIC_USE_AGENT_STORE") !== "True", // a string: Python wrote it
        run: given("TORCHELASTIC_RUN_ID") ?? "vitrine",
      },
    }),
    timeout: whole("VITRINE_TIMEOUT", given("VITRINE_TIMEOUT") ?? "60", 1, 86_400),
    restart: whole("TORCHELASTIC_RESTART_COUNT", given("TORCHELASTIC_RESTART_COUNT") ?? "0", 0, 1e6),
    ...(socket !== undefined && { socket }),
    ...(errorFile !== undefined && { errorFile }),
  };
}

/** Threads of this process: the machine's cores, shared among its processes; at least one. */
export const threadsHere = ({ localSize }: World, cores = availableParallelism()): number =>
  Math.max(1, Math.floor(cores / localSize));
