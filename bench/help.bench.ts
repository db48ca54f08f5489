/** @file How long does `vitrine --help` take, from the built package, process start included. */

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { root } from "../src/tensor/libtorch.ts";
import type { Bench } from "./harness.ts";
import { summarise } from "./statistics.ts";

/** Builds dist/ when it is not there; a full run builds it anew, so that it is the source's. */
function build(anew: boolean): string {
  const entry = join(root, "dist", "cli", "main.js");
  if (existsSync(entry) && !anew) return entry;
  const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
  const { status, stdout } = spawnSync(
    process.execPath,
    [compiler, "-p", join(root, "tsconfig.build.json")],
    {
      encoding: "utf8",
    },
  );
  if (status !== 0) throw new Error(`dist/ does not build: ${stdout.split("\n")[0]}`);
  return entry;
}

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
    const entry = build(!quick);
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
