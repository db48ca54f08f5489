/** @file The process that reads damaged inputs: one after the other, until it is ended or dies of one. */

import { mkdirSync, openSync, readSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { VitrineError } from "../src/base/errors.ts";
import { type Target, targets } from "./fuzz-targets.ts";
import { Dice } from "./mutate.ts";

/** What the parent is told. */
export type Message =
  | { ready: true }
  | { tried: Record<string, number> }
  | { fault: { target: string; index: number; what: string } };

/** Milliseconds that a share of the time is long, and that one input may take. */
const SLICE = 30;
export const PATIENCE = 5000;
/** Inputs between two resets of the highest memory that the system knows. */
const RESET = 200;

/** The input of a number: equal for equal seeds, in whichever process. */
export function inputOf(target: Target, seed: number, index: number): Uint8Array {
  const name = [...target.name].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) >>> 0, 0);
  return target.make(new Dice(seed, name, index));
}

/** Bytes of memory at most so far, as the system counts them; 0 where it does not say. */
class Peak {
  #fd: number | undefined;
  readonly #text = Buffer.alloc(4096);

  constructor() {
    try {
      this.#fd = openSync("/proc/self/status", "r");
    } catch {
      this.#fd = undefined;
    }
  }

  get bytes(): number {
    if (this.#fd === undefined) return 0;
    const length = readSync(this.#fd, this.#text, 0, 4096, 0);
    const found = /VmHWM:\s+(\d+)/.exec(this.#text.toString("latin1", 0, length));
    return 1024 * Number(found?.[1] ?? 0);
  }

  reset(): void {
    if (this.#fd !== undefined) writeFileSync("/proc/self/clear_refs", "5");
  }
}

const post = (message: Message): void => {
  process.send?.(message);
};

async function main(seed: number, statusPath: string): Promise<never> {
  const folder = `${statusPath}-files`; // the parent removes it
  mkdirSync(folder, { recursive: true });
  process.on("disconnect", () => process.exit());
  const status = openSync(statusPath, "w");
  const all = await targets();
  const peak = new Peak();
  const next = new Map(all.map((target) => [target, 0]));
  let count = 0;
  post({ ready: true });
  for (;;) {
    const tried: Record<string, number> = {};
    for (const target of all) {
      const end = performance.now() + SLICE * target.share;
      while (performance.now() < end) {
        const index = next.get(target)!;
        next.set(target, index + 1);
        tried[target.name] = (tried[target.name] ?? 0) + 1;
        writeSync(status, JSON.stringify({ target: target.name, index }).padEnd(80), 0);
        if (count++ % RESET === 0) peak.reset();
        const what = await faultOf(
          target,
          inputOf(target, seed, index),
          join(folder, `x${target.onDisk ?? ""}`),
          peak,
        );
        if (what !== undefined) post({ fault: { target: target.name, index, what } });
      }
    }
    post({ tried });
    await new Promise((resolve) => setImmediate(resolve)); // the parent's messages, and the channel's
  }
}

async function faultOf(
  target: Target,
  bytes: Uint8Array,
  path: string,
  peak: Peak,
): Promise<string | undefined> {
  if (target.onDisk !== undefined) writeFileSync(path, bytes);
  const [before, start] = [peak.bytes, performance.now()];
  let fault: string | undefined;
  try {
    await target.read(bytes, path);
  } catch (error) {
    if (!(error instanceof VitrineError))
      fault = `exit 70: ${error instanceof Error ? error.stack : String(error)}`;
  }
  const [took, grown] = [performance.now() - start, peak.bytes - before];
  if (took > PATIENCE) fault ??= `took ${(took / 1000).toFixed(1)} s`;
  if (grown > 4 * bytes.length + 64 * 2 ** 20)
    fault ??= `took ${Math.round(grown / 2 ** 20)} MiB for ${bytes.length} bytes`;
  return fault?.split("\n").slice(0, 3).join(" ").slice(0, 500);
}

const [, script, seed, status] = process.argv;
if (process.send !== undefined && script?.includes("fuzz-child") && status !== undefined)
  await main(Number(seed), status);
