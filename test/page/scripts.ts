/** @file What a reader of the studio's pages downloads: the scripts that a page needs, compressed. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

/** Scripts that follow from `name` by `import … from`, itself among them. */
function needed(folder: string, name: string, found: Set<string>): Set<string> {
  if (found.has(name)) return found;
  found.add(name);
  const text = readFileSync(join(folder, name), "utf8");
  for (const [, other] of text.matchAll(/(?:from|import)"\.\/([^"]+\.js)"/g)) needed(folder, other!, found);
  return found;
}

/**
 * Compressed bytes of the scripts of each page that is fetched when it is opened, by the page's name; `app` is what all
 * of them begin with.
 * @param folder the built studio's scripts
 */
export function scriptBytes(folder: string): Map<string, number> {
  const size = (names: Iterable<string>): number =>
    [...names].reduce(
      (sum, name) => sum + gzipSync(readFileSync(join(folder, name)), { level: 9 }).length,
      0,
    );
  const common = needed(folder, "app.js", new Set());
  const pages = readdirSync(folder).filter((name) => name.endsWith(".js") && !name.startsWith("chunk-"));
  return new Map(
    pages.map((page) => [page.replace(/(-\w+)?\.js$/, ""), size(needed(folder, page, new Set(common)))]),
  );
}
