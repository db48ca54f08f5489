/** @file What a run is doing, from what lies in its folder. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { isLocked } from "../train/run-lock.ts";
import { lastState } from "./list-runs.ts";

/** `finished`: its last step was evaluated, as the end of every run is, and it is not locked. */
export function runState(folder: string): "running" | "finished" | "stopped" | "gone" {
  try {
    if (!existsSync(join(folder, "recipe.json"))) return "gone";
    if (isLocked(folder)) return "running";
    const { step, evaluated } = lastState(folder);
    return step !== undefined && step === evaluated ? "finished" : "stopped";
  } catch {
    return existsSync(folder) ? "stopped" : "gone";
  }
}
