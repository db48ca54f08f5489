/** @file `vitrine setup`: install what the engine needs. The work is in scripts/, which a clone runs before it has a dist/. */
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { root } from "../tensor/libtorch.ts";

const help = `
Set-up takes the libtorch that VITRINE_LIBTORCH names, the one it downloaded before, Python's torch, or libtorch-dev;
else it downloads one with pip. It builds the addon with cmake, g++ and make in a minute or two. An installed package
keeps both in ~/.cache/vitrine, or in VITRINE_HOME. Set-up repeats only what is missing, changed or damaged.

Example:
  $ vitrine setup`;

export function setupCommand(command: Command): void {
  command.addHelpText("after", help).action(async () => {
    const child = spawn(process.execPath, [join(root, "scripts", "setup.mjs")], { stdio: "inherit" });
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
      process.on(signal, () => child.kill(signal));
    process.exitCode = await new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("exit", (code, signal) => resolve(code ?? 128 + constants.signals[signal!]));
    });
    if (process.exitCode === 0)
      process.stdout.write('set up; "vitrine doctor" says what this machine can do\n');
  });
}
