/** @file The built program, `dist/`, as users run it. */

import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "../markdown.ts";

export const main = join(root, "dist/cli/main.js");

/** What package.json exports: `vitrine` and its subpaths, as modules of `dist/`. */
const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  exports: Record<string, string | { default: string }>;
};
export const libraries: readonly string[] = Object.values(exports).flatMap((entry) =>
  typeof entry === "string" ? [] : [pathToFileURL(join(root, entry.default)).href],
);

/** The module that each exported name is taken from: the first that has it. */
export async function exportedNames(): Promise<Map<string, string>> {
  const names = new Map<string, string>();
  for (const library of libraries)
    for (const name of Object.keys((await import(library)) as object))
      if (!names.has(name)) names.set(name, library);
  return names;
}

/** Imports of names, a line each. */
export const importsOf = (names: readonly string[], exported: ReadonlyMap<string, string>): string =>
  names.map((name) => `import { ${name} } from ${JSON.stringify(exported.get(name))};\n`).join("");

/** @throws where `dist/` is not what `src/` says: a test of it would be about something else */
export function requireBuilt(): void {
  const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" });
  const age = (path: string): number => (existsSync(path) ? statSync(path).mtimeMs : 0);
  const stale = sources
    .filter((path) => /(?<!\.test|fixture)\.ts$/.test(path))
    .find((path) => age(join(root, "src", path)) > age(join(root, "dist", path.replace(/\.ts$/, ".js"))));
  if (stale !== undefined) throw new Error(`dist/ is older than src/${stale}: npm run build`);
  const page = readdirSync(join(root, "web"), { recursive: true, encoding: "utf8" }).map(
    (path) => `web/${path}`,
  );
  const newer = page.find(
    (path) => age(join(root, path)) > age(join(root, "dist/web/app.js")) && /\.(tsx?|css)$/.test(path),
  );
  if (newer !== undefined) throw new Error(`dist/web is older than ${newer}: npm run build`);
}
