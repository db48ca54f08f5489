/** @file Worker processes that train: started anew when one dies or hangs. */

import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { crowded } from "./run-check.ts";
import type { CommandJob, Done, Job } from "./run-worker.ts";

/** Seconds after which a run is ended: a tiny one takes one or two, many more on a crowded machine. */
const PATIENCE = 300;
/** Runs after which a worker is replaced: what failed runs leave in it must not add up. */
const RUNS = 100;

export class RunWorker {
  private child: ChildProcess | undefined;
  private runs = 0;

  /** Trains; a worker that dies or hangs is told as an ending, and the next job has a new one. */
  perform(job: Job | CommandJob): Promise<Done & { seconds: number }> {
    const started = performance.now();
    if (this.runs++ % RUNS === 0) this.end();
    this.child ??= fork(fileURLToPath(new URL("./run-worker.ts", import.meta.url)), [], {
      execArgv: ["--import", import.meta.resolve("tsx")],
      env: { ...process.env, VITRINE_DATA: `${job.root}/data` },
      stdio: ["ignore", "ignore", "ignore", "ipc"],
    });
    const { child } = this;
    return new Promise((settle) => {
      const waited = crowded(child.pid!);
      const finish = (done: Done) => {
        const seconds = (performance.now() - started) / 1000;
        settle({ ...done, seconds: seconds - Math.max(0, crowded(child.pid!) - waited) });
      };
      const ended = (text: string) => {
        this.end();
        finish({ code: -1, text, operations: 0, writing: 0, copied: [] });
      };
      const died = (code: number | null, signal: string | null) =>
        ended(`the process ended with ${code ?? signal}`);
      const timer = setTimeout(() => ended(`ended after ${PATIENCE} s without a word`), PATIENCE * 1000);
      child.once("exit", died);
      child.once("message", (done: Done) => {
        child.off("exit", died);
        clearTimeout(timer);
        finish(done);
      });
      child.send(job);
    });
  }

  end(): void {
    this.child?.removeAllListeners();
    this.child?.kill("SIGKILL");
    this.child = undefined;
  }
}
