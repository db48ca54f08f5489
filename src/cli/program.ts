/** @file The program: top-level help at once, one command's definition when it is the one called. */
import { readFileSync } from "node:fs";
import { Command } from "commander";
import { commands } from "./commands.ts";
import { exitCodes } from "./exit-codes.ts";
import { addPluginFlag, loadPlugins } from "./plugin.ts";
import { addUnpackLimit } from "./unpack-limit.ts";

const examples = `
Examples:
  $ vitrine train digits                     a CRATE on handwritten digits: minutes on two cores
  $ vitrine train cifar10 --epochs 3 --lr 5e-4
  $ vitrine inspect runs/NAME                measure each layer
  $ vitrine config print digits --origin     each setting, and where it comes from

Exit codes:
${exitCodes.map(({ code, meaning }) => `  ${String(code).padStart(3)}  ${meaning}`).join("\n")}`;

/** Names of commands whose definition the arguments ask for: usually one. */
function called(args: readonly string[]): readonly string[] {
  const words = args.filter((arg) => !arg.startsWith("-"));
  return words[0] === "help" ? words.slice(1, 2) : words.slice(0, 1);
}

/** The program for these arguments; `all` defines every command, as the docs and the completion need it. */
export async function program(args: readonly string[], all = false): Promise<Command> {
  const root = new Command("vitrine");
  const manifest = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  root
    .description(
      "Train transformers whose every layer is a derived optimisation step, and watch each layer do it.",
    )
    .usage("COMMAND [flags]")
    .version((JSON.parse(manifest) as { version: string }).version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print help")
    .helpCommand("help [command]", "print help for a command")
    .addHelpText("after", examples)
    .showSuggestionAfterError(false)
    .exitOverride()
    .configureOutput({ outputError: () => {} }) // errors are reported in one place, main.ts
    .configureHelp({
      subcommandTerm: (command) => `${command.name()} ${command.usage()}`,
      helpWidth: Math.min(process.stdout.columns ?? 110, 140),
    });
  const wanted = called(args);
  if (commands.some(({ name, plugs }) => plugs && wanted.includes(name))) await loadPlugins(args); // their keys become flags
  for (const { name, usage, about, load, reads, plugs } of commands) {
    const command = root.command(name).description(about).usage(usage);
    command.helpOption("-h, --help", "print help");
    if (!all && !wanted.includes(name)) continue;
    (await load())(command);
    if (reads) addUnpackLimit(command);
    if (plugs) addPluginFlag(command);
  }
  return root;
}

/** `--key=true` and `--key=false` in the two forms that commander knows: `--key` and `--no-key`. */
export function spellBooleans(root: Command, given: readonly string[]): string[] {
  const command = root.commands.find((child) => child.name() === given[0]);
  return given.map((arg) => {
    const [, name, value] = /^--([^=]+)=(true|false)$/.exec(arg) ?? [];
    if (name === undefined) return arg;
    const known = [command, ...(command?.commands ?? [])].flatMap((child) => child?.options ?? []);
    if (!known.some((option) => option.long === `--no-${name}`)) return arg;
    return value === "true" ? `--${name}` : `--no-${name}`;
  });
}
