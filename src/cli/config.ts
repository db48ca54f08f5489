/** @file `vitrine config`: a recipe with all its settings, a check of a file, the keys of recipes. */
import type { Command } from "commander";
import { stringify } from "yaml";
import { resolveRecipe } from "../method/recipe.ts";
import { recipeJsonSchema, recipeKeys } from "../method/recipe-keys.ts";
import { findRecipe } from "../recipe/recipes.ts";
import { addRecipeFlags, describeKey, resolveFlags } from "./recipe-flags.ts";
import { matches, print, printColumns, printJson } from "./terminal.ts";

const printExamples = `
Examples:
  $ vitrine config print digits --epochs 3 --origin
  $ VITRINE_TRAIN__LR=1e-3 vitrine config print digits --json
  $ vitrine config print digits --epochs 3 > mine.yaml`;

export function configCommand(command: Command): void {
  const printer = command
    .command("print")
    .usage("RECIPE [flags]")
    .description("print the recipe that `train` would run, with all its settings, as YAML")
    .argument("<recipe>", "name of a recipe, a YAML or JSON file, or a run folder")
    .option("--origin", "table of each value and its origin: a line of a file, a variable, a flag")
    .option("--json", "as JSON on stdout");
  const flags = addRecipeFlags(printer);
  printer
    .addHelpText("after", printExamples)
    .action((name: string, { origin, json }: { origin?: true; json?: true }) => {
      const { recipe, origins } = resolveFlags(name, flags);
      if (json) return printJson(origin ? Object.fromEntries(origins) : recipe);
      if (!origin) return print(stringify(recipe, { lineWidth: 0 }).trimEnd());
      const rows = [...origins].map(([path, at]) => [path, JSON.stringify(at.value), at.origin]);
      printColumns(["key", "value", "origin"], rows);
    });
  command
    .command("check")
    .usage("FILE")
    .description("check a recipe file: exit code 0, or 2 and one line on the first fault")
    .argument("<file>", "YAML or JSON file")
    .addHelpText("after", "\nExample:\n  $ vitrine config check my-recipe.yaml")
    .action((file: string) => {
      const { recipe } = resolveRecipe([findRecipe(file)]);
      print(`${file}: recipe ${recipe.name} is valid`);
    });
  command
    .command("keys")
    .usage("[PATTERN] [flags]")
    .description("list the keys of a recipe: type, default, meaning")
    .argument("[pattern]", "keys to list; * and ? are wildcards", "*")
    .option("--json", "the JSON Schema of a recipe on stdout, for editors")
    .addHelpText(
      "after",
      '\nExamples:\n  $ vitrine config keys "train.*"\n  $ vitrine config keys --json > recipe.schema.json',
    )
    .action((pattern: string, { json }: { json?: true }) => {
      if (json) return printJson(recipeJsonSchema());
      const keys = recipeKeys().filter((key) => matches(pattern, key.path));
      printColumns(
        ["key", "expects", "meaning"],
        keys.map((key) => [key.path, key.expected, describeKey(key)]),
      );
    });
}
