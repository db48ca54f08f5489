/** @file docs/cli.md and docs/exit-codes.md, written from the commands and the schema, so that they cannot fall behind. */
import type { Command, Option } from "commander";
import { variableOf } from "../method/environment.ts";
import { familiesInWords, type Key, recipeKeys } from "../method/recipe-keys.ts";
import { methodNames } from "../method/registry.ts";
import { aliases } from "./aliases.ts";
import { exitCodes } from "./exit-codes.ts";
import { program } from "./program.ts";

/** The page about commands, flags and settings. */
export async function commandPage(): Promise<string> {
  const root = await program([], true);
  return `${[
    "# Command line",
    "<!-- written from src/cli and src/method/*/recipe.ts: npx vitest run src/cli/docs.test.ts --update -->",
    "`vitrine COMMAND [flags]`; `--help` works everywhere. The answer goes to stdout, everything else to stderr. `--json` on a command that only reads prints the answer as JSON. `NO_COLOR=1` switches colours off.",
    ...root.commands.flatMap((command) => section(command)),
    ...precedence,
    "## Settings",
    "Every key of a recipe is a flag (`--train.epochs 3`), and all but name and about are variables (`VITRINE_TRAIN__EPOCHS=3`). The other flags are timm's spelling where the meaning is the same.",
    "`method.name` decides which keys a recipe has; the column *methods* is empty for those that every method has.",
    table(["key", "methods", "expects", "default", "other flags", "meaning"], recipeKeys().map(keyRow)),
    "## Exit codes",
    exitCodeTable(),
  ].join("\n\n")}\n`;
}

/** The page about exit codes. */
export function exitCodePage(): string {
  const promise = "Every abnormal end has a code, and one line on stderr that says what to do.";
  return `${["# Exit codes", promise, exitCodeTable(), ...signals].join("\n\n")}\n`;
}

const signals = [
  "## Signals",
  [
    "SIGINT, SIGTERM or SIGHUP lets training finish its step, save and leave with its code. A queue, a service or a",
    "container calls the program itself: `node_modules/.bin/vitrine train digits`. `npx` and npm's scripts start a shell",
    "and pass SIGINT and SIGTERM to that, but not SIGHUP. bash has become the program by then, so that the code arrives;",
    "in a clone, `.npmrc` chooses it, and in another project `npm config set script-shell bash --location project` does.",
    "Most other shells end at once, and so does npm: training then saves and ends by itself, but nobody hears its code.",
  ].join("\n"),
];

const precedence = [
  "## Where a setting comes from",
  "Later ones win:",
  [
    "1. defaults of the schema (the table below);",
    "2. the recipe: a shipped one by name, a YAML or JSON file, or the `recipe.json` of a run folder;",
    "3. files given with `--config FILE`, in their order;",
    `4. variables of the environment: \`${variableOf("train.batchSize")}=64\`, a double underscore for each dot;`,
    "5. flags, in their order.",
  ].join("\n"),
  "`vitrine config print RECIPE --origin` shows each value and who set it. The value `none` (`null` in a file) takes an optional setting away. Other variables: `VITRINE_DATA` is the folder of data sets, `VITRINE_MODELS` that of [models by name](weights.md#models-that-come-with-the-package), `VITRINE_LIBTORCH` the folder of libtorch, `VITRINE_HOME` where an installed package keeps its addon.",
];

function section(command: Command, prefix = "vitrine"): string[] {
  const name = `${prefix} ${command.name()}`;
  if (command.commands.length > 0) {
    return [
      `## ${name}`,
      `${command.description()}.`,
      ...command.commands.flatMap((verb) => section(verb, name)),
    ];
  }
  const level = prefix === "vitrine" ? "##" : "###";
  const own = command.options.filter((option) => !option.hidden && !isRecipe(option));
  const settings = command.options.some(isRecipe)
    ? ["Takes every setting of the table below as a flag, and `--config FILE`."]
    : [];
  return [
    `${level} ${name} ${command.usage()}`.replaceAll("|", "\\|"),
    `${command.description()}.`,
    ...(own.length === 0 ? [] : [table(["flag", "meaning", "default"], own.map(optionRow))]),
    ...settings,
  ];
}

function isRecipe(option: Option): boolean {
  return option.helpGroupHeading?.startsWith("Recipe") ?? false;
}

function optionRow({ flags, description, defaultValue, argChoices }: Option): string[] {
  const choices = argChoices === undefined ? "" : ` (${argChoices.join(", ")})`;
  return [
    `\`${flags}\``,
    `${description}${choices}`,
    defaultValue === undefined ? "" : `\`${defaultValue}\``,
  ];
}

function keyRow(key: Key): string[] {
  const also = aliases
    .filter((alias) => alias.path === key.path)
    .map(({ flag, short, value }) => {
      const names = short === undefined ? `\`${flag}\`` : `\`${short}\`, \`${flag}\``;
      return value === undefined ? names : `${names} for ${value}`;
    });
  const missing = key.required ? "required" : "";
  const preset = key.default === undefined || key.default === "" ? missing : `\`${key.default}\``;
  const methods = key.methods.length === methodNames().length ? "" : key.methods.join(", ");
  const families = familiesInWords(key);
  const about = families === "" ? key.about : `${key.about} (${families})`;
  return [`\`${key.path}\``, methods, key.expected, preset, also.join(", "), about];
}

function exitCodeTable(): string {
  return table(
    ["code", "meaning", "what to do"],
    exitCodes.map(({ code, meaning, remedy }) => [String(code), meaning, remedy]),
  );
}

function table(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(heading), line(heading.map(() => "---")), ...rows.map(line)].join("\n");
}
