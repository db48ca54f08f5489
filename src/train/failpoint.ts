/** @file Named places at which a test can kill the process: VITRINE_FAILPOINT=checkpoint.rename:kill@1. */

import { UsageError } from "../tensor/errors.ts";

let parsed: { name: string; left: number } | undefined;

/**
 * Does nothing, but in a process with VITRINE_FAILPOINT=NAME:kill@N: that ends by SIGKILL when it comes to the place
 * of that name for the N-th time, counted from 1.
 * @throws {UsageError} the variable has another form
 */
export function failpoint(name: string): void {
  const setting = process.env.VITRINE_FAILPOINT;
  if (setting === undefined) return;
  parsed ??= parse(setting);
  if (parsed.name === name && --parsed.left === 0) process.kill(process.pid, "SIGKILL");
}

function parse(setting: string): { name: string; left: number } {
  const [, name, count] = /^([\w.]+):kill@([1-9]\d*)$/.exec(setting) ?? [];
  if (name === undefined)
    throw new UsageError(`VITRINE_FAILPOINT: expected NAME:kill@N, got "${setting}"; unset it`);
  return { name, left: Number(count) };
}
