/** @file Where recipes are: shipped with the package, in a file, or in the folder of a run. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { LineCounter, parseDocument } from "yaml";
import { UsageError } from "../tensor/errors.ts";
import { hint } from "../tensor/nearest.ts";
import type { Layer } from "./merge.ts";

/** The folder of the shipped recipes. `src/method` and `dist/method` lie equally deep, so one path serves both. */
export const recipesFolder = fileURLToPath(new URL("../../recipes/", import.meta.url));

/** A recipe is some forty lines; a megabyte is not one. */
const largest = 1 << 20;

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
 * @throws UsageError when the file cannot be read, is larger than a megabyte or is not YAML
 */
export function readSettings(file: string): Layer {
  const label = file.startsWith(recipesFolder) ? basename(file) : file;
  const text = readText(file, label);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, logLevel: "error" });
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem !== undefined) {
    const { line } = lines.linePos(problem.pos[0]);
    throw new UsageError(`${label}:${line}: ${firstLine(problem.message)}`, { path: label });
  }
  let values: unknown;
  try {
    values = document.toJS();
  } catch (error) {
    throw new UsageError(`${label}: ${firstLine(String((error as Error).message))}`, {
      path: label,
      cause: error,
    });
  }
  const locate = (path: string) => {
    const node = document.getIn(path.split("."), true) as { range?: [number, number, number] } | undefined;
    return node?.range === undefined ? undefined : `${label}:${lines.linePos(node.range[0]).line}`;
  };
  return { origin: label, values, locate };
}

function readText(file: string, label: string): string {
  try {
    const { size } = statSync(file);
    if (size > largest) {
      throw new UsageError(`${label} has ${size} bytes: expected a recipe of at most ${largest}`, {
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

/** The parser's message without its excerpt of the file, in our style: small first letter, no full stop. */
function firstLine(message: string): string {
  const line = (message.split("\n")[0] ?? "").replace(/ at line \d+, column \d+:?$/, "").replace(/[.:]$/, "");
  return line.charAt(0).toLowerCase() + line.slice(1);
}
