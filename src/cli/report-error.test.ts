import { expect, test } from "vitest";
import * as errors from "../base/errors.ts";
import { commands } from "./commands.ts";
import { exitCodes } from "./exit-codes.ts";
import { program } from "./program.ts";
import { type Ending, endingOf } from "./report-error.ts";

/** Parses a command line that must fail before its action. */
async function failing(...args: string[]): Promise<Ending> {
  const root = await program(args);
  root.configureOutput({ writeErr: () => {}, writeOut: () => {} });
  for (const command of root.commands) command.configureOutput({ writeErr: () => {}, writeOut: () => {} });
  try {
    await root.parseAsync(args, { from: "user" });
  } catch (error) {
    return endingOf(error, root, args);
  }
  throw new Error("the command line was accepted");
}

test.each([
  [["trian"], 'error: unknown command "trian" (did you mean "train"?); see vitrine --help'],
  [["models", "shw"], 'error: unknown command "shw" (did you mean "show"?); see vitrine models --help'],
  [
    ["cluster", "z.npz", "--clusters", "3", "--by", "ensc"],
    "error: --by is now --method; see vitrine cluster --help",
  ],
  [
    ["features", "z.npz", "--near", "17"],
    "error: --near is now vitrine search FEATURES ROW; see vitrine features --help",
  ],
  [
    ["train", "mcr2-laptop", "--method.precision", "0.5"],
    "error: --method.precision is now --method.epsilon; see vitrine train --help",
  ],
  [["search", "z.npz", "-1.5"], 'error: ROW: expected a whole number from 0 up to 1e9, received "-1.5"'],
  [
    ["cluster", "z.npz"],
    "error: --clusters <n> is missing: expected vitrine cluster FEATURES --clusters N [flags]; see vitrine cluster --help",
  ],
  [["train"], "error: RECIPE is missing: expected vitrine train RECIPE [flags]; see vitrine train --help"],
  [
    ["train", "a", "b"],
    "error: too many arguments: expected vitrine train RECIPE [flags]; see vitrine train --help",
  ],
  [["train", "digits", "--lr"], "error: --lr <n> needs a value; see vitrine train --help"],
  [
    ["train", "digits", "--train.lrr", "1"],
    'error: unknown flag --train.lrr (did you mean "--train.lr"?); see vitrine train --help',
  ],
  [
    ["train", "digits", "--lr", "fast"],
    'error: --lr (train.lr): expected a number from 1e-12 up to 1e6, received "fast"',
  ],
  [
    ["train", "digits", "--max-steps", "0"],
    'error: --max-steps: expected a whole number from 1 up to 1e8, received "0"',
  ],
  [
    ["train", "digts"],
    'error: unknown recipe "digts" (did you mean "digits"?), and no file of that name is here',
  ],
  [["recipes", "show", "mnits"], 'error: unknown recipe "mnits" (did you mean "mnist"?)'],
  [
    ["config", "print", "digits", "--patch-size", "5"],
    "error: --patch-size (model.patch): 5 does not divide model.imageSize 28; 2, 4, 7, 14 do",
  ],
])("%j is a usage error in one line", async (args, text) => {
  expect(await failing(...args)).toEqual({ exitCode: 2, text });
});

test("a choice that does not exist names the choices", async () => {
  const { exitCode, text } = await failing("train", "digits", "--progress", "bars");
  expect(exitCode).toBe(2);
  expect(text).toMatch(/--progress.*bars.*auto, bar, plain, json, none.*; see vitrine train --help$/);
});

test("help ends well, a command without its verb does not", async () => {
  for (const { name } of commands) {
    expect(await failing(name, "--help"), name).toEqual({ exitCode: 0, text: "" });
  }
  expect(await failing("data")).toEqual({ exitCode: 2, text: "" });
});

test("every error class ends with its own documented code, and a bug with 70 and its stack", async () => {
  const root = await program([]);
  const documented = new Set(exitCodes.map(({ code }) => code));
  const { VitrineError, StoppedError, ...classes } = errors;
  for (const Class of Object.values(classes)) {
    const error = new Class("it is so");
    expect(endingOf(error, root, [])).toEqual({ exitCode: error.exitCode, text: "error: it is so" });
    expect(documented).toContain(error.exitCode);
  }
  expect(endingOf(new StoppedError("stopped", 75), root, []).exitCode).toBe(75);
  expect(endingOf(new StoppedError("stopped", 130), root, []).exitCode).toBe(130);
  const bug = endingOf(new TypeError("x is not a function"), root, []);
  expect(bug.exitCode).toBe(70);
  expect(bug.text).toMatch(/^internal: TypeError: x is not a function\n +at /);
});

test("an error that tidying up met with another is told, and what the system refuses is no bug", async () => {
  const root = await program([]);
  const codeOf = (error: unknown) => endingOf(error, root, []).exitCode;
  const failed = (code: string, syscall: string, path?: string) =>
    Object.assign(new Error(`${code}: refused`), { code, syscall, ...(path !== undefined && { path }) });
  const both = (error: unknown, suppressed: unknown) =>
    Object.assign(new Error("both"), { error, suppressed });
  const { DiskError, NotFiniteError } = errors;
  expect(codeOf(both(failed("EIO", "unlink", "/x/.lock"), new DiskError("no")))).toBe(7);
  expect(codeOf(both(new DiskError("no"), failed("EIO", "write")))).toBe(7);
  expect(codeOf(both(failed("EIO", "unlink", "/x/.lock"), failed("EIO", "write")))).toBe(7);
  expect(codeOf(both(new DiskError("no"), new NotFiniteError("loss")))).toBe(5);
  expect(codeOf(new AggregateError([both(new DiskError("no"), failed("EIO", "write"))]))).toBe(7);
  expect(codeOf(both(new TypeError("b"), new TypeError("a")))).toBe(70);
  expect(codeOf(failed("EACCES", "open", "/x"))).toBe(3);
  expect(codeOf(failed("EISDIR", "read"))).toBe(3);
  expect(codeOf(failed("EROFS", "open", "/x"))).toBe(7);
  expect(codeOf(failed("ENOSPC", "write"))).toBe(7);
  expect(codeOf(failed("EACCES", "mkdir", "/x"))).toBe(7);
  expect(codeOf(failed("ECONNREFUSED", "connect"))).toBe(70);
});
