/**
 * @file One side of a comparison: a process that prepares its work once and then runs it as often as it is told,
 * one JSON line in, one out.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { root } from "../src/tensor/libtorch.ts";
import type { OperatorTime } from "../src/tensor/profile.ts";
import { compiled } from "./compiled.ts";
import { type Library, peerEnvironment, python } from "./python.ts";

export interface Memory {
  /** Bytes resident now, and at most so far (VmRSS, VmHWM). */
  resident: number;
  peak: number;
}

/** Both sides see the same number of threads, whichever library asks. */
export const threadVariables = (threads: number): NodeJS.ProcessEnv => ({
  OMP_NUM_THREADS: String(threads),
  MKL_NUM_THREADS: String(threads),
});

/** What a task of ours took here and in the checkout before, in turns. */
export interface Turns {
  task: string;
  now: number[];
  before: number[];
}

export class Side {
  /** Another checkout, whose process of the same task follows each of ours. */
  static before: string | undefined;
  /** What they took. */
  static readonly turns: Turns[] = [];

  private twin: { side: Side; turns: Turns } | undefined;
  private readonly waiting: { resolve(line: string): void; reject(error: Error): void }[] = [];
  private readonly errors: string[] = [];

  private constructor(
    readonly name: string,
    private readonly child: ChildProcess,
  ) {
    createInterface({ input: child.stdout! }).on("line", (line) => {
      if (line.startsWith("{")) this.waiting.shift()?.resolve(line); // a library below may print lines of its own
    });
    child.stderr!.setEncoding("utf8").on("data", (text: string) => this.errors.push(text));
    child.on("close", (code) => {
      const problem = new Error(
        `${name} ended with ${code}: ${this.errors.join("").trim().split("\n").at(-1)}`,
      );
      for (const { reject } of this.waiting.splice(0)) reject(problem);
    });
  }

  /** Our side: `own` of bench/NAME.bench.ts, with those parameters. */
  static async ours(name: string, parameters: object, threads: number): Promise<Side> {
    const start = async (checkout: string) => {
      const args = [
        "--expose-gc",
        await compiled(checkout),
        name,
        JSON.stringify({ ...parameters, threads }),
      ];
      return Side.start("vitrine", process.execPath, args, { ...process.env, ...threadVariables(threads) });
    };
    const side = await start(root);
    if (Side.before === undefined) return side;
    const turns: Turns = { task: `${name} ${JSON.stringify(parameters)}`, now: [], before: [] };
    Side.turns.push(turns);
    side.twin = { side: await start(Side.before), turns };
    return side;
  }

  /** The peer: the function NAME of bench/peer/. @throws {Error} where Python has not the library, or torch of another version */
  static peer(name: string, parameters: object, threads: number, library: Library = "torch"): Promise<Side> {
    const serve = fileURLToPath(new URL("peer/serve.py", import.meta.url));
    return Side.start(library, python, [serve, library, name, JSON.stringify({ ...parameters, threads })], {
      ...peerEnvironment(library),
      ...threadVariables(threads),
    });
  }

  private static async start(
    name: string,
    command: string,
    args: string[],
    env: NodeJS.ProcessEnv,
  ): Promise<Side> {
    const side = new Side(name, spawn(command, args, { env, stdio: ["pipe", "pipe", "pipe"] }));
    await side.ask({ ready: true });
    return side;
  }

  private ask(request: object): Promise<Record<string, number>> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve: (line) => resolve(JSON.parse(line)), reject });
      this.child.stdin!.write(`${JSON.stringify(request)}\n`);
    });
  }

  /** Seconds that `iterations` took, on the side's own clock. */
  async run(iterations: number): Promise<number> {
    const now = async () => (await this.ask({ run: iterations })).seconds!;
    if (this.twin === undefined) return now();
    const { side, turns } = this.twin;
    const twinFirst = turns.now.length % 2 === 1;
    if (twinFirst) turns.before.push((await side.run(iterations)) / iterations);
    const seconds = await now();
    turns.now.push(seconds / iterations);
    if (!twinFirst) turns.before.push((await side.run(iterations)) / iterations);
    return seconds;
  }

  /** Of our side: where the time of one iteration goes. */
  async profile(): Promise<OperatorTime[]> {
    return ((await this.ask({ profile: true })) as unknown as { operators: OperatorTime[] }).operators;
  }

  async memory(): Promise<Memory> {
    return (await this.ask({ memory: true })) as unknown as Memory;
  }

  async close(): Promise<void> {
    await this.twin?.side.close();
    const ended = new Promise((resolve) => this.child.on("close", resolve));
    this.child.stdin!.end();
    await ended;
  }
}
