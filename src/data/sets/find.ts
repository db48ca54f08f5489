/** @file Where data lies: the folders a set is looked for in. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

/** The first of `names` that exists in `folder`. */
export function firstExisting(folder: string, names: readonly string[]): string | undefined {
  return names.find((name) => existsSync(join(folder, name)));
}

/** The folder data sets lie in: the one given, else VITRINE_DATA, else `data` in the working directory. */
export function dataRoot(dir?: string): string {
  return resolve(dir ?? (process.env.VITRINE_DATA || "data"));
}
