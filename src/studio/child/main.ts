/** @file The process that has libtorch: one job after the other, on one thread, behind everything else on the machine. */

import { setPriority } from "node:os";
import { VitrineError } from "../../base/errors.ts";
import { native } from "../../tensor/index.ts";
import { jobs } from "../jobs/index.ts";
import type { Done, Task } from "./messages.ts";

/** Training goes first. */
const NICE = 10;

setPriority(NICE);
native().setThreads(1);

process.on("message", async (task: Task) => {
  let done: Done;
  try {
    done = { answer: await jobs[task.job as keyof typeof jobs](task.folder, task.asked as never) };
  } catch (error) {
    const { message } = error as Error;
    done = { error: message, ours: error instanceof VitrineError };
  }
  process.send?.(done);
});
process.on("disconnect", () => process.exit());
