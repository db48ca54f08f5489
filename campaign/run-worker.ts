/** @file A process that trains one run after another by the built program, with faults in its file operations. */

import { cpSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { isWriting, type Operation, watchFiles } from "./fs-hook.ts";

/** A command line. */
export interface CommandJob {
  /** Where it runs. */
  root: string;
  args: readonly string[];
}

/** One run, or the going on with one. */
export interface Job {
  /** All operations below this folder count. */
  root: string;
  recipe: string;
  run: string;
  /** Fail operation `at` with `code`; with `on`, those after it too. */
  fail?: { at: number; code: string; on: boolean };
  /** Copy the run's folder as it is before the n-th writing operation, and in the middle of it where it writes bytes. */
  copies?: readonly number[];
}

export interface Done {
  code: number;
  /** What the program would have said last. */
  text: string;
  operations: number;
  writing: number;
  /** The operation that failed. */
  failed?: Operation;
  /** The copies that were made: as a process leaves the folder that is killed there. */
  copied: string[];
}

const built = (path: string): Promise<Record<string, unknown>> =>
  import(new URL(`../dist/${path}`, import.meta.url).href) as Promise<Record<string, unknown>>;

/** The command line by the built program. */
async function obey(args: readonly string[]): Promise<Pick<Done, "code" | "text">> {
  const { program } = (await built("cli/program.js")) as {
    program: (args: readonly string[]) => Promise<Root>;
  };
  const { endingOf } = (await built("cli/report-error.js")) as {
    endingOf: (error: unknown, root: Root, args: readonly string[]) => { exitCode: number; text: string };
  };
  const commands = await program(args);
  try {
    await commands.parseAsync(args, { from: "user" });
    return { code: Number(process.exitCode ?? 0), text: "" };
  } catch (error) {
    const { exitCode: code, text } = endingOf(error, commands, args);
    return { code, text };
  } finally {
    process.exitCode = undefined;
  }
}

async function perform({ root, recipe, run, fail, copies = [] }: Job): Promise<Done> {
  const [output, experiment] = [resolve(run, ".."), run.split("/").at(-1)!];
  const flags = ["--output", output, "--experiment", experiment, "--resume", "auto", "--progress", "none"];
  const args = ["train", recipe, ...flags];
  const done: Done = { code: 0, text: "", operations: 0, writing: 0, copied: [] };
  let cut = false;
  const stop = watchFiles(root, (operation) => {
    done.operations = operation.number;
    const due = isWriting(operation) && copies.includes(++done.writing);
    const half = due && operation.name === "writeSync" && done.writing % 2 === 1;
    // of a write that is cut in two, the copy comes before its second half
    if (cut || (due && !half)) {
      const copy = `${run}-at-${operation.number}`;
      if (copyOf(run, copy)) done.copied.push(copy);
    }
    cut = half;
    if (half) return "half";
    if (fail === undefined || operation.number < fail.at || (operation.number > fail.at && !fail.on))
      return undefined;
    done.failed ??= operation;
    return operation.number === fail.at || isWriting(operation) ? fail.code : undefined;
  });
  try {
    return Object.assign(done, await obey(args));
  } finally {
    stop();
  }
}

interface Root {
  parseAsync(args: readonly string[], options: { from: "user" }): Promise<unknown>;
}

/** The folder as a killed process leaves it: its lock is that of a process that has ended. */
function copyOf(run: string, copy: string): boolean {
  try {
    cpSync(run, copy, { recursive: true });
  } catch {
    return false; // the run's folder is not there yet
  }
  for (const name of readdirSync(copy))
    if (name.startsWith(".lock-"))
      renameSync(join(copy, name), join(copy, name.replace(/-\d+-\d+$/, "-4194305-1")));
  return true;
}

// Node loads what removes folders when it is first needed, and keeps the functions of node:fs that it finds: not ours
rmSync(mkdtempSync(join(tmpdir(), "vitrine-worker-")), { recursive: true });

process.on("message", (job: Job | CommandJob) => {
  if ("args" in job) process.chdir(job.root);
  void ("args" in job ? obey(job.args) : perform(job)).then(
    (done) => process.send!(done),
    (error: unknown) =>
      process.send!({
        code: 70,
        text: String((error as Error).stack),
        operations: 0,
        writing: 0,
        copied: [],
      }),
  );
});
