/** @file Processes of a bench that compute as one, on this machine or, by a wire, as if on two. */

import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { claimPort } from "../src/cli/ports.ts";
import type { Group } from "../src/tensor/index.ts";
import type { Wire } from "./wire.ts";

/** What rank 0 of P processes of `file` prints, as JSON; all have the same share of the threads. */
export async function onRanks<T>(
  file: string,
  P: number,
  { quick, threads, wire }: { quick: boolean; threads: number; wire?: Wire },
): Promise<T> {
  const port = await claimPort(0, "127.0.0.1");
  const own = Math.max(1, Math.floor(threads / P));
  const entry = fileURLToPath(new URL(file, import.meta.url));
  const ranks = Array.from({ length: P }, (_, rank) => {
    const { prefix, ...there } = wire?.place(rank) ?? { prefix: [], MASTER_ADDR: "127.0.0.1" };
    const world = { RANK: rank, WORLD_SIZE: P, MASTER_PORT: port, OMP_NUM_THREADS: own, ...there };
    const texts = Object.entries(world).map(([name, value]) => [name, String(value)]);
    const node = [process.execPath, "--import", import.meta.resolve("tsx"), entry];
    const [program, ...args] = [...prefix, ...node, JSON.stringify({ quick, threads: own })];
    const child = spawn(program!, args, {
      env: { ...process.env, ...Object.fromEntries(texts) },
      stdio: ["ignore", "pipe", "inherit"],
    });
    return new Promise<string>((resolve, reject) => {
      let out = "";
      child.stdout.setEncoding("utf8").on("data", (text: string) => {
        out += text;
      });
      child.on("error", reject);
      child.on("close", (code) =>
        code === 0 ? resolve(out) : reject(new Error(`rank ${rank} of ${P} ended with ${code}`)),
      );
    });
  });
  const [first] = await Promise.all(ranks);
  return JSON.parse(first!) as T;
}

/** Seconds of `body`, begun together, of the slowest process. */
export async function slowest(group: Group | undefined, body: () => void): Promise<number> {
  await group?.barrier();
  const start = performance.now();
  body();
  const own = (performance.now() - start) / 1000;
  return group === undefined ? own : Math.max(...group.numbers([own]).map(([seconds]) => seconds!));
}
