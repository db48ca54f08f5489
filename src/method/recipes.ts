/** @file Where recipes are: shipped with the package, in a file, or in the folder of a run. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { UsageError } from "../tensor/errors.ts";
import { hint } from "../tensor/nearest.ts";
import type { Layer } from "./merge.ts";
import { LONGEST, parseSettings } from "./yaml.ts";

/** The folder of the shipped recipes. `src/method` and `dist/method` lie equally deep, so one path serves both. */
export const recipesFolder = fileURLToPath(new URL("../../recipes/", import.meta.url));

/** Names of the shipped recipes, sorted. */
export function recipeNames(): string[] {
  const files = readdirSync(recipesFolder).filter((file) => file.endsWith(".yaml"));
  return files.map((file) => basename(file, ".yaml")).sort();
}

/**
 * Reads a recipe by the name of a shipped one, a path to a YAML or JSON file, or a run folder (its recipe.json).
 * @throws UsageError when there is none, or it cannot be parsed
 */
export function findRecipe(name: string): Layer {
  return readSettings(recipePath(name));
}

function recipePath(name: string): string {
  const shipped = join(recipesFolder, `${name}.yaml`);
  if (/^[\w.-]+$/.test(name) && existsSync(shipped)) return shipped;
  // existsSync first: statSync throws on a path that goes through a file
  const found = existsSync(name) ? statSync(name) : undefined;
  if (found?.isFile()) return name;
  if (found?.isDirectory()) {
    const resolved = join(name, "recipe.json");
    if (existsSync(resolved)) return resolved;
    throw new UsageError(
      `${name} has no recipe.json: expected a run folder, a recipe file or a recipe's name`,
      {
        path: name,
      },
    );
  }
  const names = recipeNames();
  const near = hint(name, names) || "; `vitrine recipes ls` lists them";
  throw new UsageError(`unknown recipe "${name}"${near}, and no file of that name is here`, {
    path: name,
    expected: names.join(", "),
    received: name,
  });
}

/**
 * Reads a file of settings, YAML or JSON, as a layer that knows the line of each value.
 * @throws UsageError when the file cannot be read, is longer than 64 KiB or is not YAML
 */
export function readSettings(file: string): Layer {
  const label = file.startsWith(recipesFolder) ? basename(file) : file;
  return { origin: label, ...parseSettings(readText(file, label), label) };
}

function readText(file: string, label: string): string {
  try {
    const { size } = statSync(file);
    if (size > LONGEST) {
      throw new UsageError(`${label} has ${size} bytes: expected a recipe of at most ${LONGEST}`, {
        path: label,
      });
    }
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(`${label} cannot be read (${code}); check the path and its permissions`, {
      path: label,
      cause: error,
    });
  }
}
