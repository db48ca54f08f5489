/** @file The index of docs/ has every page, and every term of the glossary is in use. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { links, pages, root } from "./markdown.ts";

const docs = pages().filter(({ path }) => path.startsWith("docs/"));
const textOf = (path: string): string => readFileSync(join(root, path), "utf8");

test("docs/README.md has every page of docs/ once", () => {
  const index = links(textOf("docs/README.md"));
  const listed = index.filter((target) => !target.startsWith("../"));
  expect([...listed].sort()).toEqual(
    docs
      .map(({ path }) => path.slice("docs/".length))
      .filter((page) => page !== "README.md")
      .sort(),
  );
});

/** First cells of the tables under a heading of the glossary. */
function termsUnder(heading: string): string[] {
  const [, section = ""] = textOf("docs/glossary.md").split(`## ${heading}\n`);
  const rows = section.split("\n## ")[0]!.split("\n");
  return rows
    .filter((row) => /^\| (?!term |name |quantity )/.test(row))
    .map((row) => row.split(" | ")[0]!.slice(2));
}

test("every term of the glossary occurs in another page", () => {
  const others = [...docs, { path: "README.md", text: textOf("README.md") }]
    .filter(({ path }) => path !== "docs/glossary.md")
    .map(({ text }) => text)
    .join("\n");
  const terms = [...termsUnder("Terms"), ...termsUnder("Names in code and recipes")];
  expect(terms.length).toBeGreaterThan(50);
  const unused = terms.filter(
    (term) => !others.toLowerCase().includes(term.replaceAll("`", "").toLowerCase()),
  );
  expect(unused).toEqual([]);
});

test("every function that the glossary names is exported by the library", () => {
  const [, quantities = ""] = textOf("docs/glossary.md").split("## Quantities\n");
  const names = [...quantities.matchAll(/\| `(\w+)` \|/g)].map(([, name]) => name!);
  expect(names.length).toBeGreaterThan(5);
  const rates = textOf("src/rate/index.ts");
  expect(names.filter((name) => !new RegExp(`\\b${name}\\b`).test(rates))).toEqual([]);
  expect(existsSync(join(root, "docs/pictures/digits-layers.svg"))).toBe(true);
});
