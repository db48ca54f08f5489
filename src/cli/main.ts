#!/usr/bin/env node
/** @file The entry of the command line: parse, run, and turn every ending into an exit code. */
import { program } from "./program.ts";
import { endingOf } from "./report-error.ts";
import { style, talk } from "./terminal.ts";

// a reader that has seen enough (`vitrine recipes ls | head -1`) is no error
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(process.exitCode ?? 0);
    throw error;
  });
}

const args = process.argv.slice(2);
const root = await program(args);
try {
  await root.parseAsync(spellBooleans(args), { from: "user" });
} catch (error) {
  const { exitCode, text } = endingOf(error, root, args);
  if (text !== "") talk(text.replace(/^(error|internal):/, (word) => style("red", word, process.stderr)));
  process.exitCode = exitCode;
}

/** `--key=true` and `--key=false` in the two forms that commander knows: `--key` and `--no-key`. */
function spellBooleans(given: readonly string[]): string[] {
  const command = root.commands.find((child) => child.name() === given[0]);
  return given.map((arg) => {
    const [, name, value] = /^--([^=]+)=(true|false)$/.exec(arg) ?? [];
    if (name === undefined) return arg;
    const known = [command, ...(command?.commands ?? [])].flatMap((child) => child?.options ?? []);
    if (!known.some((option) => option.long === `--no-${name}`)) return arg;
    return value === "true" ? `--${name}` : `--no-${name}`;
  });
}
