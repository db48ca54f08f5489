/** @file The server's side of libtorch: a queue, and a process that is started when it is needed and ends when it is not. */

import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Refused } from "../refused.ts";
import type { Done, Task } from "./messages.ts";

interface Waiting {
  task: Task;
  resolve(answer: unknown): void;
  reject(error: Error): void;
}

export interface LibtorchOptions {
  /** What the process runs, and its arguments: `main.ts` here unless something comes before it, such as plugins. */
  script?: URL;
  args?: readonly string[];
  /** Milliseconds without work after which the process ends, and its memory is free. */
  idle?: number;
  /** Milliseconds that a job may take. */
  most?: number;
}

const SCRIPT = new URL(import.meta.url.replace(/libtorch(\.\w+)$/, "main$1"));

export class Libtorch {
  private readonly queue: Waiting[] = [];
  private current: Waiting | undefined;
  private child: ChildProcess | undefined;
  private timer: NodeJS.Timeout | undefined;
  private readonly options: Required<LibtorchOptions>;

  constructor(options: LibtorchOptions = {}) {
    this.options = { script: SCRIPT, args: [], idle: 60_000, most: 300_000, ...options };
  }

  /** The number of the process, while there is one. */
  get pid(): number | undefined {
    return this.child?.pid;
  }

  /**
   * A job's answer.
   * @param signal ends it: what waits is forgotten, what runs is killed
   * @throws {Refused} 422 what is asked cannot be, 502 the process ended, 504 it takes too long
   */
  ask<T>(task: Task, signal: AbortSignal): Promise<T> {
    let abort: () => void = () => {};
    const answer = new Promise<T>((resolve, reject) => {
      const waiting: Waiting = { task, resolve: resolve as (answer: unknown) => void, reject };
      abort = () => {
        const at = this.queue.indexOf(waiting);
        if (at >= 0) this.queue.splice(at, 1);
        else if (this.current === waiting) this.kill();
        reject(new Refused(408, "nobody waits for the answer any more"));
      };
      if (signal.aborted) return abort();
      signal.addEventListener("abort", abort, { once: true });
      this.queue.push(waiting);
      this.next();
    });
    return answer.finally(() => signal.removeEventListener("abort", abort)); // one signal may be of many jobs
  }

  /** Ends the process; what waits fails. */
  close(): void {
    for (const { reject } of this.queue.splice(0)) reject(new Refused(503, "the studio has ended"));
    this.kill();
  }

  private next(): void {
    if (this.current !== undefined) return;
    clearTimeout(this.timer);
    const waiting = this.queue.shift();
    if (waiting === undefined) {
      this.timer = setTimeout(() => this.kill(), this.options.idle).unref();
      return;
    }
    this.current = waiting;
    this.child ??= this.start();
    this.timer = setTimeout(() => this.late(), this.options.most).unref();
    this.child.send(waiting.task);
  }

  private start(): ChildProcess {
    // the loader that runs TypeScript in the source tree
    const { script, args } = this.options;
    const loader = script.pathname.endsWith(".ts") ? ["--import", import.meta.resolve("tsx")] : [];
    const child = fork(fileURLToPath(script), [...args], {
      execArgv: loader,
      serialization: "advanced",
      env: { ...process.env, OMP_NUM_THREADS: "1" },
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    let said = "";
    child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      said = (said + text).slice(-2000);
    });
    child.on("message", (done: Done) => child === this.child && this.finish(done));
    child.on("error", () => {}); // told by "exit", or by the job that it cannot take
    child.on("exit", (code, signal) => child === this.child && this.died(signal ?? `code ${code}`, said));
    child.unref();
    child.channel?.unref();
    return child;
  }

  private finish(done: Done): void {
    const { resolve, reject } = this.current ?? {};
    this.current = undefined;
    if ("answer" in done) resolve?.(done.answer);
    else reject?.(new Refused(done.ours ? 422 : 500, done.error));
    this.next();
  }

  /** The process ended by itself: the job that it was at is told so, the next one starts another. */
  private died(how: string, said: string): void {
    this.child = undefined;
    const { reject } = this.current ?? {};
    this.current = undefined;
    const last = said.trim().split("\n").at(-1);
    const why = last ? `${how}: ${last.slice(0, 300)}` : how;
    reject?.(
      new Refused(502, `the process that runs libtorch ended (${why}); the studio goes on: ask again`),
    );
    this.next();
  }

  private late(): void {
    this.current?.reject(new Refused(504, `no answer in ${this.options.most / 1000} s; ask for less`));
    this.kill();
  }

  private kill(): void {
    const { child } = this;
    clearTimeout(this.timer);
    this.child = undefined;
    this.current = undefined;
    child?.kill("SIGKILL");
    if (this.queue.length > 0) this.next();
  }
}
