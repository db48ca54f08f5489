/** @file What a reader of the studio's pages downloads: the scripts that a page needs, compressed. */

import { gzipSync } from "node:zlib";
import { importedScripts, studioScripts } from "../../src/export/page/assets.ts";

/**
 * Compressed bytes of the scripts that the studio opens with, as `app`, and of those with each page or part of one that is
 * fetched when it is come to, by its name.
 */
export function scriptBytes(): Map<string, number> {
  const scripts = studioScripts();
  const needed = (name: string) => [name, ...importedScripts(scripts, name)];
  const size = (names: Iterable<string>): number =>
    [...names].reduce((sum, name) => sum + gzipSync(scripts.get(name)!, { level: 9 }).length, 0);
  const pages = [...scripts.keys()].filter((name) => !name.startsWith("chunk-"));
  return new Map(
    pages.map((page) => [
      page.replace(/(-\w+)?\.js$/, ""),
      size(new Set([...needed("app.js"), ...needed(page)])),
    ]),
  );
}
