/** @file The built program, as users run it. */

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { root } from "../src/tensor/libtorch.ts";

/** Builds dist/ when it is not there; a full run builds it anew, so that it is the source's. */
export function built(anew: boolean): string {
  const entry = join(root, "dist", "cli", "main.js");
  if (existsSync(entry) && !anew) return entry;
  const { status, stderr } = spawnSync(process.execPath, [join(root, "scripts", "build.mjs")], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`dist/ does not build: ${stderr.split("\n")[0]}`);
  return entry;
}
