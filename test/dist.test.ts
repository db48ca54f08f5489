/** @file The compiled program in dist/, which set-up writes before the tests run: what it imports is there. */

import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { root } from "./markdown.ts";

const dist = join(root, "dist");
const files = existsSync(dist)
  ? readdirSync(dist, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".js"))
  : [];

test("no file of dist/ imports TypeScript, late or at once", () => {
  expect(files.length, 'dist/ is not built; run "npm run build"').toBeGreaterThan(100);
  const wrong = files.flatMap((name) => {
    const text = readFileSync(join(dist, name), "utf8");
    const targets = [...text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*["'`](\.[^"'`]*)["'`]/g)].map(
      ([, path]) => path!,
    );
    return targets
      .filter((target) => !existsSync(join(dist, name, "..", target)))
      .map((target) => `${name}: ${target}`);
  });
  expect(wrong).toEqual([]);
});

test("every file of dist/ loads", () => {
  // two run the command line, a worker waits for its parent, and the page needs a browser
  const modules = files.filter((name) => !/^cli\/(main|start)\.js$|(^|[-/])worker\.js$|^web\//.test(name));
  const urls = modules.map((name) => pathToFileURL(join(dist, name)).href);
  const code = `for (const url of ${JSON.stringify(urls)}) await import(url).catch((error) => console.log(url, String(error)))`;
  const printed = execFileSync(process.execPath, ["--input-type=module", "-e", code], { encoding: "utf8" });
  expect(printed).toBe("");
});
