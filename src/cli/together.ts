/** @file Processes that run together: what each says with its number before it, how they end, and why. */

import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import type { Readable, Writable } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import { largestOf } from "../base/extremes.ts";

export interface Member {
  rank: number;
  environment: NodeJS.ProcessEnv;
}

export interface TogetherOptions {
  /** What each process runs. */
  program: string;
  args: readonly string[];
  members: readonly Member[];
  out?: Writable;
  err?: Writable;
  /** Seconds that the others have after one has failed, until they are asked to end; and then, until they are ended. */
  patience?: readonly [asked: number, ended: number];
}

export interface End {
  rank: number;
  /** Its exit code; 128 and the signal's number, as shells say it, where a signal ended it. */
  code: number;
  signal?: NodeJS.Signals;
  /** Whether it ended after it was asked to, because another one had failed. */
  asked: boolean;
}

export interface Ends {
  /** In the order in which they ended. */
  ends: readonly End[];
  /** Whether a signal to us asked all of them to stop. */
  stopped: boolean;
}

/** A peer was lost: what a process says of another one's end, never its own. */
export const PEER_LOST = 8;

/** Runs the processes to the end of all. SIGINT, SIGTERM and SIGHUP are passed on to each. @throws the program cannot be run */
export async function runTogether({
  program,
  args,
  members,
  out = process.stdout,
  err = process.stderr,
  patience = [10, 30],
}: TogetherOptions): Promise<Ends> {
  const ends: End[] = [];
  const running = new Map<number, ChildProcess>();
  let [stopped, asked] = [false, false];
  const timers: NodeJS.Timeout[] = [];
  const tell = (signal: NodeJS.Signals) => {
    for (const child of running.values()) child.kill(signal);
  };
  const pass = (signal: NodeJS.Signals) => {
    stopped = true;
    tell(signal);
  };
  const later = (seconds: number, body: () => void) => timers.push(setTimeout(body, 1000 * seconds));
  const endOthers = () => {
    if (timers.length > 0) return;
    later(patience[0], () => {
      asked = true;
      tell("SIGTERM");
    });
    later(patience[0] + patience[1], () => tell("SIGKILL"));
  };
  const width = largestOf(members.map(({ rank }) => String(rank).length));
  const runOne = ({ rank, environment }: Member): Promise<void> => {
    const child = spawn(program, args, { env: environment, stdio: ["ignore", "pipe", "pipe"] });
    running.set(rank, child);
    const prefix = `[${String(rank).padStart(width)}] `;
    prefixLines(child.stdout, out, prefix);
    prefixLines(child.stderr, err, prefix);
    return new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("exit", (exit, signal) => {
        running.delete(rank);
        const code = exit ?? 128 + constants.signals[signal!];
        const end = { rank, code, ...(signal !== null && { signal }), asked };
        ends.push(end);
        if (code !== 0 && !stopped) endOthers();
      });
      child.on("close", () => resolve()); // its last words have come
    });
  };

  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, pass);
  try {
    await Promise.all(members.map(runOne));
    return { ends, stopped };
  } catch (error) {
    tell("SIGKILL");
    throw error;
  } finally {
    for (const signal of signals) process.off(signal, pass);
    timers.forEach(clearTimeout);
  }
}

/** Codes of a process that stopped because it was asked to. */
const STOPPED: readonly number[] = [75, 130];

/**
 * The end that the others follow from: the first that is neither good nor the loss of a peer, unless it came of our asking;
 * else the first loss. Nothing where all is good.
 */
export function firstCause(ends: readonly End[]): End | undefined {
  const bad = ends.filter(({ code }) => code !== 0);
  const own = bad.filter(
    ({ code, signal, asked }) => !(asked && (signal !== undefined || STOPPED.includes(code))),
  );
  return own.find(({ code }) => code !== PEER_LOST) ?? own[0] ?? bad[0];
}

/** Whole lines, each with the prefix; the last one ends even if it was not ended. */
function prefixLines(from: Readable, to: Writable, prefix: string): void {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  const take = (text: string, isEnd: boolean) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    if (isEnd && rest !== "") lines.push(rest);
    if (lines.length > 0) to.write(lines.map((line) => `${prefix}${line}\n`).join(""));
  };
  from.on("data", (bytes: Buffer) => take(decoder.write(bytes), false));
  from.on("end", () => take(decoder.end(), true));
}
