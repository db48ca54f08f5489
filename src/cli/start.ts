/** @file The command line: parse, run, and turn every ending into an exit code. */
import { Command } from "commander";
import { noteError } from "./error-file.ts";
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
  const ending = endingOf(error, root, args);
  const { exitCode, text } = ending;
  if (exitCode !== 0) noteError(process.env.TORCHELASTIC_ERROR_FILE, ending, error);
  if (text !== "") talkError(text);
  process.exit(exitCode);
}
