/** @file Worker threads that answer tasks; one that dies or hangs is replaced, and its task tried once more. */
import { Worker, type WorkerOptions } from "node:worker_threads";

/** What a worker posts back for a task. */
export type Answer<Result> = { result: Result } | { error: string };

interface Job<Task, Result> {
  task: Task;
  attempts: number;
  timer?: NodeJS.Timeout;
  resolve(result: Result): void;
  reject(error: Error): void;
}

/** A task that failed in the worker, with the worker's reason. */
export class TaskError extends Error {}

/**
 * A fixed number of threads running one script. The script receives each task as a message and posts one Answer.
 * Threads start when they are first needed, and do not keep the process alive while idle.
 */
export class WorkerPool<Task, Result> {
  readonly #queue: Job<Task, Result>[] = [];
  readonly #idle: Worker[] = [];
  readonly #busy = new Map<Worker, Job<Task, Result>>();
  #closed = false;

  /**
   * @param script the worker's file, .ts in the source tree or .js once compiled
   * @param size number of threads
   * @param timeout milliseconds after which a task's thread is taken for hung
   */
  constructor(
    readonly script: URL,
    readonly size: number,
    readonly timeout = 60_000,
    /** What every thread is started with. */
    readonly data?: unknown,
  ) {}

  /** @throws TaskError when the worker reports an error, or dies twice over this task */
  run(task: Task): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ task, attempts: 0, resolve, reject });
      this.#next();
    });
  }

  /** Ends all threads; unfinished tasks fail. */
  async close(): Promise<void> {
    this.#closed = true;
    const workers = [...this.#idle, ...this.#busy.keys()];
    const jobs = [...this.#queue.splice(0), ...this.#busy.values()];
    for (const worker of workers) this.#take(worker);
    this.#idle.length = 0;
    for (const job of jobs) job.reject(new TaskError("the workers were closed"));
    await Promise.all(workers.map((worker) => worker.terminate()));
  }

  #next(): void {
    while (this.#queue.length > 0 && this.#busy.size < this.size) {
      if (this.#closed) {
        this.#queue.shift()!.reject(new TaskError("the workers were closed"));
        continue;
      }
      this.#give(this.#idle.pop() ?? this.#start(), this.#queue.shift()!);
    }
  }

  #start(): Worker {
    const worker = startWorker(this.script, { workerData: this.data });
    worker.on("message", (answer: Answer<Result>) => this.#answered(worker, answer));
    worker.on("error", (error) => this.#died(worker, `failed (${error.message})`));
    worker.on("exit", (code) => this.#died(worker, `ended with code ${code}`));
    return worker;
  }

  #give(worker: Worker, job: Job<Task, Result>): void {
    job.attempts++;
    job.timer = setTimeout(
      () => this.#died(worker, `gave no answer in ${this.timeout / 1000} s`),
      this.timeout,
    );
    this.#busy.set(worker, job);
    worker.ref();
    worker.postMessage(job.task);
  }

  #answered(worker: Worker, answer: Answer<Result>): void {
    const job = this.#take(worker);
    if (job === undefined) return;
    this.#idle.push(worker);
    if ("error" in answer) job.reject(new TaskError(answer.error));
    else job.resolve(answer.result);
    this.#next();
    if (!this.#busy.has(worker)) worker.unref();
  }

  /** Also hears of a thread that ends while idle, or again of one it has ended itself. */
  #died(worker: Worker, how: string): void {
    const at = this.#idle.indexOf(worker);
    if (at >= 0) this.#idle.splice(at, 1);
    const job = this.#take(worker);
    if (job === undefined) return;
    void worker.terminate();
    if (job.attempts < 2) this.#queue.unshift(job);
    else job.reject(new TaskError(`its worker ${how}, twice`));
    this.#next();
  }

  #take(worker: Worker): Job<Task, Result> | undefined {
    const job = this.#busy.get(worker);
    clearTimeout(job?.timer);
    this.#busy.delete(worker);
    return job;
  }
}

/** What the script of `runAlone` posts when it has loaded. */
export const READY = "ready";

/**
 * One task in a thread of its own, which ends with it. Time counts from when the script has loaded.
 * @throws TaskError when the worker reports an error, dies, or takes longer or more than it may
 */
export async function runAlone<Task, Result>(
  script: URL,
  task: Task,
  most: { milliseconds: number; heapMegabytes: number },
): Promise<Result> {
  const worker = startWorker(script, { resourceLimits: { maxOldGenerationSizeMb: most.heapMegabytes } });
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<Result>((resolve, reject) => {
      const fail = (how: string) => reject(new TaskError(how));
      worker.on("error", ({ message }) => fail(message));
      worker.on("exit", (code) => fail(`its thread ended with code ${code}`));
      worker.on("message", (answer: Answer<Result> | typeof READY) => {
        if (answer !== READY) return "error" in answer ? fail(answer.error) : resolve(answer.result);
        const late = () => fail(`not done after ${most.milliseconds / 1000} s`);
        timer = setTimeout(late, most.milliseconds);
        worker.postMessage(task);
      });
    });
  } finally {
    clearTimeout(timer);
    await worker.terminate();
  }
}

/** A worker thread does not inherit the loader that runs TypeScript, so in the source tree it registers it itself. */
function startWorker(script: URL, options: WorkerOptions): Worker {
  if (!script.pathname.endsWith(".ts")) return new Worker(script, options);
  const loader = JSON.stringify(import.meta.resolve("tsx/esm/api"));
  const code = `import { register } from ${loader}; register(); await import(${JSON.stringify(script.href)});`;
  return new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`), options);
}
