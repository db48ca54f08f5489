/** @file The built program, `dist/`, as users run it. */

import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "../markdown.ts";

export const main = join(root, "dist/cli/main.js");
export const library = pathToFileURL(join(root, "dist/index.js")).href;

/** @throws where `dist/` is not what `src/` says: a test of it would be about something else */
export function requireBuilt(): void {
  const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" });
  const age = (path: string): number => (existsSync(path) ? statSync(path).mtimeMs : 0);
  const stale = sources
    .filter((path) => /(?<!\.test|fixture)\.ts$/.test(path))
    .find((path) => age(join(root, "src", path)) > age(join(root, "dist", path.replace(/\.ts$/, ".js"))));
  if (stale !== undefined) throw new Error(`dist/ is older than src/${stale}: npm run build`);
}
