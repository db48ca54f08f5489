/** @file `vitrine launch`: several processes that train or evaluate one model together, started again where one is lost. */

import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { type Command, Option } from "commander";
import { UsageError } from "../base/errors.ts";
import { claimPort } from "./ports.ts";
import { talk } from "./terminal.ts";
import {
  type End,
  type Ends,
  firstCause,
  type Member,
  PEER_LOST,
  runTogether,
  type TogetherOptions,
} from "./together.ts";
import { wholeNumber } from "./whole-number.ts";

/** What each process runs, and where its lines go. */
type Program = Omit<TogetherOptions, "members">;

export interface Flags {
  nproc: number;
  nnodes: number;
  nodeRank: number;
  masterAddr: string;
  masterPort: number;
  maxRestarts: number;
  minNproc?: number;
  timeout: number;
}

const examples = `
What follows -- is a command line of vitrine train or eval. Each process takes its share of every batch: train.batchSize is
that of all together. Lines begin with the number of their process.

The exit code is that of the process that failed first; 8, the loss of a peer, only where no other code says more, and
128 + N where signal N ended it. After such a loss --max-restarts starts the processes again with --resume auto. What a
process says itself, such as a wrong key or damaged data, ends all.

Examples:
  $ vitrine launch --nproc 2 -- train digits
  $ vitrine launch --nproc 2 --max-restarts 3 --min-nproc 1 -- train digits --experiment together
  $ vitrine launch --nproc 2 -- eval runs/together

On several machines: --nnodes 2, --node-rank 0 and 1, and the same --nproc, --master-addr and --master-port on both.`;

export function launchCommand(command: Command): void {
  const whole = (flag: string, name: string, about: string, least: number, most: number, preset?: number) => {
    const option = new Option(`--${flag} <${name}>`, about).argParser(wholeNumber(`--${flag}`, least, most));
    command.addOption(preset === undefined ? option : option.default(preset));
  };
  command.argument("<command...>", "a command line of vitrine train or eval, after --");
  whole("nproc", "n", "processes on this machine", 1, 1024, 1);
  whole("nnodes", "n", "machines, each with as many processes", 1, 1e4, 1);
  whole("node-rank", "n", "number of this machine, from 0", 0, 1e4, 0);
  command.option("--master-addr <address>", "address of machine 0, where the processes meet", "127.0.0.1");
  whole("master-port", "n", "port there; 0 takes a free one, for one machine", 0, 65535, 0);
  whole("max-restarts", "n", "start again so often after a process was lost", 0, 1e4, 0);
  whole("min-nproc", "n", "go on with the processes that are left, at least so many (default: all)", 1, 1024);
  whole("timeout", "seconds", "how long a process waits for the others in a step", 1, 86_400, 60);
  command.addHelpText("after", examples).action(async (words: string[], flags: Flags) => {
    checkFlags(words, flags);
    process.exitCode = await launch(words, flags);
  });
}

/** @throws {UsageError} flags that do not go together, or no training */
function checkFlags(words: readonly string[], flags: Flags): void {
  const { nproc, nnodes, nodeRank, masterPort, maxRestarts, minNproc = nproc } = flags;
  const refuse = (path: string, expected: string, received: unknown): never => {
    throw new UsageError(`${path}: expected ${expected}, received ${received}`, { path });
  };
  if (words[0] !== "train" && words[0] !== "eval")
    refuse("launch", '"-- train RECIPE …" or "-- eval RUN …"', `"${words.join(" ")}"`);
  if (nodeRank >= nnodes) refuse("--node-rank", `0 to ${nnodes - 1}, below --nnodes`, nodeRank);
  if (nnodes > 1 && masterPort === 0)
    refuse("--master-port", "the port on machine 0, the same on all machines", masterPort);
  if (minNproc > nproc) refuse("--min-nproc", `at most the ${nproc} of --nproc`, minNproc);
  if (nnodes > 1 && minNproc < nproc)
    refuse("--min-nproc", `${nproc}, all processes, where there are several machines`, minNproc);
  if (maxRestarts > 0 && words[0] === "eval")
    refuse("--max-restarts", "0 for eval, which has nothing to resume", maxRestarts);
  const isNamed = words.some((arg) => /^--experiment(=|$)/.test(arg));
  if (maxRestarts > 0 && !isNamed && !existsSync(join(words[1] ?? "", "recipe.json")))
    refuse("--max-restarts", "--experiment NAME after train, so that the run to resume is known", "none");
}

/** This program. */
const ITSELF: Program = { program: process.execPath, args: [...process.execArgv, process.argv[1] ?? ""] };

/**
 * Starts the processes, and again where one was lost.
 * @param words after the program's own
 * @returns the exit code
 * @throws {UsageError} the port is in use
 */
export async function launch(
  words: readonly string[],
  flags: Flags,
  { program, args, ...streams }: Program = ITSELF,
): Promise<number> {
  const { nnodes, maxRestarts, minNproc = flags.nproc } = flags;
  let { nproc } = flags;
  for (let restart = 0; ; restart++) {
    const cores = availableParallelism();
    if (nproc > cores)
      talk(`launch: ${nproc} processes on ${cores} cores take turns; --nproc ${cores} is faster`);
    const found = await runTogether({
      ...{ program, ...streams },
      args: [...args, ...(restart === 0 ? words : resumed(words))],
      members: await membersOf(flags, nproc, restart),
    });
    const cause = firstCause(found.ends);
    if (cause === undefined) return 0;
    talk(`launch: ${told(cause)}`);
    if (found.stopped || restart >= maxRestarts || !isLoss(cause)) return cause.code;
    if (nnodes === 1) nproc = Math.max(minNproc, nproc - lost(found).length);
    talk(`launch: start ${restart + 1} of ${maxRestarts} again, ${nproc} processes with --resume auto`);
  }
}

/** The variables of each process, torchrun's and our own. */
async function membersOf(flags: Flags, nproc: number, restart: number): Promise<Member[]> {
  const { nnodes, nodeRank, masterAddr, masterPort, timeout } = flags;
  const port = nodeRank === 0 ? await claimPort(masterPort) : masterPort;
  return Array.from({ length: nproc }, (_value, local) => {
    const rank = nodeRank * nproc + local;
    const numbers = {
      ...{ RANK: rank, WORLD_SIZE: nnodes * nproc, LOCAL_RANK: local, LOCAL_WORLD_SIZE: nproc },
      ...{ MASTER_PORT: port, TORCHELASTIC_RESTART_COUNT: restart, VITRINE_TIMEOUT: timeout },
    };
    const texts = Object.entries(numbers).map(([name, value]) => [name, String(value)]);
    const ours = { ...Object.fromEntries(texts), MASTER_ADDR: masterAddr } as Record<string, string>;
    const { TORCHELASTIC_USE_AGENT_STORE: _, TORCHELASTIC_ERROR_FILE: __, ...inherited } = process.env;
    return { rank, environment: { ...inherited, ...ours } };
  });
}

/** Whether a process is gone without a word of its own, or says that another one is. */
const isLoss = ({ code, signal }: End): boolean => signal !== undefined || code === PEER_LOST;
/** Those that a signal ended; not those that ended when they were asked to. */
const lost = ({ ends }: Ends): readonly End[] =>
  ends.filter(({ signal, asked }) => signal !== undefined && !(asked && signal === "SIGTERM"));

const told = ({ rank, code, signal }: End): string =>
  `process ${rank} ended first, ${signal === undefined ? `with code ${code}` : `by ${signal}`}`;

/** The same training, gone on with from its newest good checkpoint. */
function resumed(words: readonly string[]): string[] {
  const others = words.filter((arg, i) => !/^--resume(=|$)/.test(arg) && words[i - 1] !== "--resume");
  return [...others, "--resume", "auto"];
}
