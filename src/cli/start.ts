/** @file The command line: parse, run, and turn every ending into an exit code. */
import { Command } from "commander";
import { program, spellBooleans } from "./program.ts";
import { endingOf } from "./report-error.ts";
import { outliveReaders } from "./streams.ts";
import { talkError } from "./terminal.ts";

outliveReaders();

const args = process.argv.slice(2);
let root = new Command("vitrine");
process.on("uncaughtException", end);
root = await program(args).catch(end);
await root.parseAsync(spellBooleans(root, args), { from: "user" }).catch(end);

/** Says what went wrong and leaves at once: worker threads of a failed run must not keep the process. */
function end(error: unknown): never {
  const { exitCode, text } = endingOf(error, root, args);
  if (text !== "") talkError(text);
  process.exit(exitCode);
}
