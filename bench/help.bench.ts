/** @file How long does `vitrine --help` take, from the built package, process start included. */

import { spawnSync } from "node:child_process";
import { built } from "./built.ts";
import type { Bench } from "./harness.ts";
import { summarise } from "./statistics.ts";

function seconds(args: readonly string[]): number {
  const start = performance.now();
  const { status } = spawnSync(process.execPath, args, { stdio: "ignore" });
  if (status !== 0) throw new Error(`${args.join(" ")} ended with ${status}`);
  return (performance.now() - start) / 1000;
}

export const bench: Bench = {
  name: "help",
  about: "vitrine --help, from process start to its end",
  peer: false,
  async run({ quick }) {
    const entry = built(false);
    const rounds = quick ? 2 : 21;
    const help = Array.from({ length: rounds }, () => seconds([entry, "--help"]));
    const empty = Array.from({ length: rounds }, () => seconds(["--eval", "0"]));
    return [
      {
        question: "help",
        what: "vitrine --help",
        unit: "s",
        ours: summarise(help),
        goal: { of: "ours", at: "most", value: 0.3 },
        note: `an empty Node takes ${summarise(empty).median.toFixed(3)} s`,
      },
    ];
  },
};
