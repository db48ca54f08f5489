/** @file Any error as one line and an exit code. */
import { type Command, CommanderError } from "commander";
import { VitrineError } from "../base/errors.ts";
import { hint } from "../base/nearest.ts";
import { plain } from "../base/plain-text.ts";
import { newName } from "../base/renamed.ts";
import { movedFlag } from "./moved-flags.ts";
import { packageProblem } from "./package-problem.ts";

export interface Ending {
  exitCode: number;
  /** What to print on stderr; empty when there is nothing to say. */
  text: string;
}

/** How the program ends on an error: our own and commander's in one line, a bug with its stack. */
export function endingOf(error: unknown, root: Command, args: readonly string[]): Ending {
  if (error instanceof VitrineError) return { exitCode: error.exitCode, text: `error: ${error.message}` };
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return { exitCode: 0, text: "" };
    // a command without its verb has already printed its help
    if (error.code === "commander.help") return { exitCode: 2, text: "" };
    return { exitCode: 2, text: `error: ${usageMessage(error, root, args)}` };
  }
  const problem = packageProblem(error);
  if (problem !== undefined) return { exitCode: 1, text: `error: ${problem}` };
  const parts = partsOf(error);
  const ours = parts.find((part) => part instanceof VitrineError);
  if (ours !== undefined) return endingOf(ours, root, args);
  const system = parts.map(systemError).find((ending) => ending !== undefined);
  if (system !== undefined) return system;
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { exitCode: 70, text: `internal: ${stack}` };
}

/**
 * An error and those it holds, what came first before what came of it: where tidying up fails after an error, JavaScript
 * throws a `SuppressedError` of both.
 */
function partsOf(error: unknown): unknown[] {
  const {
    suppressed,
    errors = [],
    error: last,
  } = (error ?? {}) as {
    suppressed?: unknown;
    errors?: unknown[];
    error?: unknown;
  };
  const inner = [suppressed, ...errors, last].filter((part) => part instanceof Error);
  return inner.length === 0 ? [error] : inner.flatMap(partsOf);
}

/** System calls that only read. */
const READS = new Set([
  "open",
  "read",
  "stat",
  "lstat",
  "fstat",
  "scandir",
  "opendir",
  "readlink",
  "realpath",
  "access",
]);
/** System calls on files that are open, whose paths an error does not say. */
const FILES = new Set(["read", "write", "fsync", "fdatasync", "ftruncate", "fstat", "close"]);
/** Reasons that lie with the disk, whatever was asked of it. */
const DISK = new Set(["EIO", "ENOSPC", "EDQUOT", "EROFS", "EFBIG"]);

/** How the program ends where the system refuses a file and nobody said so in better words: 7 for the disk, 3 for data. */
function systemError(error: unknown): Ending | undefined {
  const { code, syscall, path } = (error ?? {}) as NodeJS.ErrnoException;
  if (code === undefined || syscall === undefined || (path === undefined && !FILES.has(syscall)))
    return undefined;
  return READS.has(syscall) && !DISK.has(code)
    ? {
        exitCode: 3,
        text: `error: ${path ?? "a file"} cannot be read (${code}); check the path and its permissions`,
      }
    : {
        exitCode: 7,
        text: `error: ${path ?? "a file"} cannot be written (${code}); free space, or choose another folder`,
      };
}

function usageMessage(error: CommanderError, root: Command, args: readonly string[]): string {
  const command = innermost(root, args);
  const help = `; see ${fullName(command)} --help`;
  const given = /'([^']*)'/.exec(error.message)?.[1] ?? "";
  switch (error.code) {
    case "commander.unknownOption": {
      const flags = command.options.flatMap((option) => [option.long ?? "", option.short ?? ""]);
      const moved = movedFlag(command.name(), given);
      if (moved !== undefined) return `${given} is now ${moved}${help}`;
      const renamed = newName(given.slice(2)); // a key of the recipe
      if (renamed !== undefined) return `${given} is now --${renamed}${help}`;
      return `unknown flag ${given}${hint(given, flags)}${help}`;
    }
    case "commander.unknownCommand": {
      const names = command.commands.map((child) => child.name());
      return `unknown command "${given}"${hint(given, names)}${help}`;
    }
    case "commander.missingMandatoryOptionValue":
      return `${given} is missing: expected ${fullName(command)} ${command.usage()}${help}`;
    case "commander.missingArgument":
      return `${given.toUpperCase()} is missing: expected ${fullName(command)} ${command.usage()}${help}`;
    case "commander.optionMissingArgument":
      return `${given} needs a value${help}`;
    case "commander.excessArguments":
      return `too many arguments: expected ${fullName(command)} ${command.usage()}${help}`;
    default: {
      const message = plain(error.message.replace(/^error: /, "").replace(/\.$/, ""));
      return `${message}${help}`;
    }
  }
}

/** The command that the arguments reach. */
function innermost(root: Command, args: readonly string[]): Command {
  let command = root;
  for (const arg of args) {
    const child = command.commands.find((candidate) => candidate.name() === arg);
    if (child === undefined) break;
    command = child;
  }
  return command;
}

function fullName(command: Command): string {
  return command.parent === null ? command.name() : `${fullName(command.parent)} ${command.name()}`;
}
