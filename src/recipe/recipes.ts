/** @file Where recipes are: shipped with the package, in a file, or in the folder of a run. */
import { closeSync, existsSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { UsageError } from "../base/errors.ts";
import { hint } from "../base/nearest.ts";
import { talk } from "../base/talk.ts";
import type { Layer } from "./merge.ts";
import { layerOfRun } from "./renamed.ts";
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
  const path = recipePath(name);
  const layer = readSettings(path);
  return path === name || path.startsWith(recipesFolder) ? layer : layerOfRun(layer, talk);
}

function recipePath(name: string): string {
  const shipped = join(recipesFolder, `${name}.yaml`);
  if (/^[\w.-]+$/.test(name) && existsSync(shipped)) return shipped;
  // existsSync first: statSync throws on a path that goes through a file
  const found = existsSync(name) ? statSync(name) : undefined;
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
  if (found !== undefined) return name;
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
  const { values, locate } = parseSettings(readText(file, label), label);
  if (isEmpty(values)) {
    throw new UsageError(`${label}: expected settings by name, such as train: { epochs: 3 }, found none`, {
      path: label,
    });
  }
  return { origin: label, values, locate };
}

/** Whether a file held nothing, or an empty tree. */
const isEmpty = (values: unknown): boolean =>
  values === null ||
  values === undefined ||
  (typeof values === "object" && !Array.isArray(values) && Object.keys(values).length === 0);

function readText(file: string, label: string): string {
  try {
    const found = statSync(file);
    if (!found.isFile()) {
      // a device or a pipe may never end
      const what = found.isDirectory() ? "a folder" : "a device, pipe or socket";
      throw new UsageError(`${label} is ${what}: expected a recipe file, YAML or JSON`, { path: label });
    }
    // some files of /proc say 0 and go on
    const bytes = found.size > LONGEST ? undefined : readAtMost(file, LONGEST);
    if (bytes === undefined) {
      throw new UsageError(`${label} is larger than ${LONGEST} bytes: expected a recipe, YAML or JSON`, {
        path: label,
      });
    }
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) {
      throw new UsageError(`${label} is no text in UTF-8: expected a recipe, YAML or JSON`, {
        path: label,
        cause: error,
      });
    }
    if (error instanceof UsageError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(`${label} cannot be read (${code}); check the path and its permissions`, {
      path: label,
      cause: error,
    });
  }
}

/** The bytes of a file; undefined where there are more than `most`. */
function readAtMost(file: string, most: number): Uint8Array | undefined {
  const bytes = new Uint8Array(most + 1);
  const fd = openSync(file, "r");
  try {
    let length = 0;
    for (let got = -1; got !== 0 && length <= most; length += got)
      got = readSync(fd, bytes, length, bytes.length - length, null);
    return length > most ? undefined : bytes.subarray(0, length);
  } finally {
    closeSync(fd);
  }
}
