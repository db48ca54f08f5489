/** @file How long from the start of `vitrine train digits` to the end of its first step, from the built package? */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { built } from "./built.ts";
import type { Bench } from "./harness.ts";
import { summarise } from "./statistics.ts";

/** Seconds from the process's start to the line that tells of its first step; the process is stopped there. */
async function firstStep(entry: string, output: string): Promise<number> {
  const start = performance.now();
  const args = [entry, "train", "digits", "--max-steps", "1", "--progress", "json", "--output", output];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"] });
  const ended = once(child, "exit");
  try {
    for await (const line of createInterface(child.stderr))
      if (line.includes('"step":1')) return (performance.now() - start) / 1000;
    throw new Error("vitrine train digits ended before its first step");
  } finally {
    child.kill("SIGKILL");
    await ended;
  }
}

export const bench: Bench = {
  name: "start",
  about: "vitrine train digits, from process start to the end of its first step",
  peer: false,
  async run({ quick }) {
    const entry = built(false);
    const output = mkdtempSync(join(tmpdir(), "vitrine-start-"));
    try {
      const seconds: number[] = [];
      for (let round = 0; round < (quick ? 2 : 15); round++) seconds.push(await firstStep(entry, output));
      return [
        {
          question: "start",
          what: "vitrine train digits, to the end of its first step",
          unit: "s",
          ours: summarise(seconds),
          goal: { of: "ours", at: "most", value: 2 },
        },
      ];
    } finally {
      rmSync(output, { recursive: true, force: true });
    }
  },
};
