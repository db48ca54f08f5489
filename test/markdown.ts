/** @file What the documents say that a program can check: commands, links, code. */

import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../", import.meta.url));

/** Folders that are built, fetched, or written by runs. */
const MADE = new Set(["node_modules", "dist", "build", ".libtorch", "runs", "data", ".git", "docs/api"]);

/** Every file of the project, by its path from the root. */
export function projectFiles(folder = root): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = relative(root, join(folder, entry.name));
    if (MADE.has(path) || entry.isSymbolicLink()) return [];
    return entry.isDirectory() ? projectFiles(join(root, path)) : [path];
  });
}

export interface Page {
  path: string;
  text: string;
}

/** README, the pages beside it, and docs/. */
export function pages(): Page[] {
  const paths = projectFiles().filter((path) => /^(docs\/)?[^/]+\.md$/.test(path));
  return paths.map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));
}

/** Blocks of code with their language. */
export function blocks(text: string): { language: string; code: string }[] {
  const found = text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm);
  return [...found].map(([, language, code]) => ({ language: language!, code: code! }));
}

/** A comment at the end of a shell line is not part of it. */
const bare = (line: string): string => line.replace(/(^|\s)#.*$/, "").trim();

/** Commands that a reader is to type: lines of `sh` blocks, lines after `$ `, and commands inside sentences. */
export function commands(text: string): string[] {
  const typed = blocks(text).flatMap(({ language, code }) => {
    const lines = code.split("\n").map(bare);
    if (language === "sh") return lines.filter((line) => line !== "");
    return lines.filter((line) => line.startsWith("$ ")).map((line) => line.slice(2));
  });
  const prose = text.replaceAll(/^```[\s\S]*?^```$/gm, "");
  const inline = [...prose.matchAll(/`((?:npm|npx|node|(?:node_modules\/\.bin\/)?vitrine) [^`]+)`/g)].map(
    ([, command]) => command!,
  );
  return [...typed, ...inline];
}

/** Relative links of a page, without the part after #. */
export function links(text: string): string[] {
  const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!);
  return targets
    .filter((target) => !/^(https?:|mailto:|#)/.test(target))
    .map((target) => target.split("#")[0]!);
}

/** Anchors on pages of ours, as [page, anchor]. */
export function anchors(text: string): [string, string][] {
  return [...text.matchAll(/\]\(([^)\s:#]+\.md)#([^)\s]+)\)/g)].map(([, page, anchor]) => [page!, anchor!]);
}

/** The anchors that headings make. */
export function headings(text: string): string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, title]) =>
    title!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} -]/gu, "")
      .replaceAll(" ", "-"),
  );
}
