/** @file Named places at which a test can send the process a signal: VITRINE_FAILPOINT=checkpoint.rename:kill@1. */

import { UsageError } from "../base/errors.ts";

const SIGNALS = { kill: "SIGKILL", term: "SIGTERM", int: "SIGINT", hup: "SIGHUP", stop: "SIGSTOP" } as const;

let parsed: { name: string; signal: NodeJS.Signals; left: number; rank: string | undefined } | undefined;

/**
 * Does nothing, but in a process with VITRINE_FAILPOINT=NAME:kill@N: that ends by SIGKILL when it comes to the place
 * of that name for the N-th time, counted from 1. `term`, `int`, `hup` and `stop` are the other signals; kill@N#1 is of rank 1
 * of several processes alone.
 * @throws {UsageError} the variable has another form
 */
export function failpoint(name: string): void {
  const setting = process.env.VITRINE_FAILPOINT;
  if (setting === undefined) return;
  parsed ??= parse(setting);
  if (parsed.rank !== undefined && parsed.rank !== process.env.RANK) return;
  if (parsed.name === name && --parsed.left === 0) process.kill(process.pid, parsed.signal);
}

function parse(setting: string): NonNullable<typeof parsed> {
  const [, name, signal, count, rank] =
    /^([\w.]+):(kill|term|int|hup|stop)@([1-9]\d*)(?:#(\d+))?$/.exec(setting) ?? [];
  if (name === undefined)
    throw new UsageError(`VITRINE_FAILPOINT: expected NAME:kill@N, got "${setting}"; unset it`);
  return { name, signal: SIGNALS[signal as keyof typeof SIGNALS], left: Number(count), rank };
}
