/** @file `vitrine recipes`: the recipes shipped with the package. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { UsageError } from "../base/errors.ts";
import { hint } from "../base/nearest.ts";
import { type Recipe, resolveRecipe } from "../method/recipe.ts";
import { findRecipe, recipeNames, recipesFolder } from "../recipe/recipes.ts";
import { print, printColumns, printJson } from "./terminal.ts";

export function recipesCommand(command: Command): void {
  command
    .command("ls")
    .usage("[flags]")
    .description("list the shipped recipes")
    .option("--json", "the list as JSON on stdout")
    .addHelpText("after", "\nExample:\n  $ vitrine recipes ls")
    .action(({ json }: { json?: true }) => {
      const recipes = recipeNames().map((name) => resolveRecipe([findRecipe(name)]).recipe);
      if (json) return printJson(recipes.map(brief));
      const rows = recipes.map(brief).map(({ name, model, data, about }) => [name, model, data, about]);
      printColumns(["recipe", "model", "data", "about"], rows);
    });
  command
    .command("show")
    .usage("NAME [flags]")
    .description("print a recipe file with its comments")
    .argument("<name>", "name of a shipped recipe")
    .option("--json", "the recipe with all its settings, as JSON on stdout")
    .addHelpText(
      "after",
      "\nExamples:\n  $ vitrine recipes show digits\n  $ vitrine recipes show digits > mine.yaml",
    )
    .action((name: string, { json }: { json?: true }) => {
      const names = recipeNames();
      if (!names.includes(name)) {
        const near = hint(name, names) || "; `vitrine recipes ls` lists them";
        throw new UsageError(`unknown recipe "${name}"${near}`, { path: name, received: name });
      }
      if (json) return printJson(resolveRecipe([findRecipe(name)]).recipe);
      print(readFileSync(join(recipesFolder, `${name}.yaml`), "utf8").trimEnd());
    });
}

function brief({ name, model, data, about }: Recipe) {
  return { name, model: model.name, data: data.name, about };
}
