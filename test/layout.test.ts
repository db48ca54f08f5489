/** @file The shape of the project: which folder imports which, how long files are, what README says is where. */

import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { expect, test } from "vitest";
import { projectFiles, root } from "./markdown.ts";

/** A folder may import from those to its left. */
const ORDER = [
  ..."base graph tensor nn rate model data train evaluate chart measure recipe method sweep theory inspect".split(
    " ",
  ),
  ..."export studio cli".split(" "),
];

const files = projectFiles();
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const sources = files.filter((path) => /^src\/.*(?<!\.test)\.ts$/.test(path));
const tests = files.filter((path) => /^src\/.*\.test\.ts$/.test(path));

interface Import {
  from: string;
  to: string;
  /** Gone when the types are: no part of a cycle. */
  typeOnly: boolean;
}

/** What a file imports from the project, statically or late. */
function importsOf(path: string): Import[] {
  const text = read(path);
  const found: Import[] = [];
  const add = (target: string, typeOnly: boolean): void => {
    found.push({ from: path, to: join(dirname(path), target), typeOnly });
  };
  const statement =
    /^(?:import|export)\s+(type\s+)?(?:(\*(?:\s+as\s+\w+)?|\w+|\{[^}]*\})\s+from\s+)?"(\.[^"]+)"/gm;
  for (const [, type, names, target] of text.matchAll(statement)) {
    const list = /^\{([\s\S]*)\}$/.exec(names ?? "")?.[1]?.split(",");
    const onlyTypes = list?.every((name) => /^\s*(type\s|$)/.test(name)) ?? false;
    add(target!, type !== undefined || onlyTypes);
  }
  for (const [, target] of text.matchAll(/\bimport\(\s*"(\.[^"]+)"\s*\)/g)) add(target!, true);
  return found;
}

const imports = sources.flatMap(importsOf);
const folderOf = (path: string): string => /^src\/([^/]+)\//.exec(path)?.[1] ?? "";

test("the imports are seen", () => {
  expect(imports.length).toBeGreaterThan(100);
  expect(imports.filter(({ to }) => !existsSync(join(root, to)))).toEqual([]);
  expect(imports).toContainEqual({ from: "src/nn/linear.ts", to: "src/tensor/index.ts", typeOnly: true });
  expect(imports).toContainEqual({ from: "src/nn/linear.ts", to: "src/nn/module.ts", typeOnly: false });
});

test("every folder of src has its place in the order", () => {
  const folders = new Set(sources.map(folderOf).filter((folder) => folder !== ""));
  expect([...folders].filter((folder) => !ORDER.includes(folder))).toEqual([]);
});

/** Whether a file may import another: from its own folder or those to its left. */
const keepsDirection = ({ from, to }: Import): boolean => {
  if (from === "src/index.ts") return to.startsWith("src/");
  return folderOf(to) !== "" && ORDER.indexOf(folderOf(to)) <= ORDER.indexOf(folderOf(from));
};
const told = ({ from, to }: Import): string => `${from} imports ${to}`;

test("folders import from those to their left only, at once or late, and nobody imports what is outside src", () => {
  expect(imports.filter((found) => !keepsDirection(found)).map(told)).toEqual([]);
});

/** Folders that run in a page: neither they nor what they import may need Node or a package. */
const IN_A_PAGE = ["graph"];

test("what runs in a page imports nothing of Node, of libtorch or of a package", () => {
  const reached = new Set(sources.filter((path) => IN_A_PAGE.includes(folderOf(path))));
  for (const path of ["src/chart/index.ts", "src/measure/layer-figures.ts", "src/studio/shapes.ts"])
    reached.add(path);
  for (const path of reached)
    for (const { from, to, typeOnly } of imports)
      if (from === path && to.startsWith("src/") && !typeOnly) reached.add(to);
  expect(reached.size).toBeGreaterThan(10);
  const foreign = [...reached].flatMap((path) =>
    [...read(path).matchAll(/\b(?:from|import)\s*\(?\s*"([^".][^"]*)"/g)].map(
      ([, name]) => `${path} imports ${name}`,
    ),
  );
  expect(foreign).toEqual([]);
});

const page = files.filter((path) => /^web\/.*(?<!\.test)\.tsx?$/.test(path));

test("the page imports what src/graph, src/chart and the studio show of themselves, its own files, preact and uPlot", () => {
  const found = page.flatMap(importsOf);
  expect(found.length).toBeGreaterThan(20);
  const open = [
    ...["src/graph/index.ts", "src/chart/index.ts", "src/studio/shapes.ts"],
    ...["src/measure/layer-figures.ts", "src/measure/report-schema.ts"],
  ];
  expect(found.filter(({ to }) => !to.startsWith("web/") && !open.includes(to)).map(told)).toEqual([]);
  const packages = page.flatMap((path) =>
    [...read(path).matchAll(/\bfrom "([^".][^"]*)"/g)].map(([, name]) => name),
  );
  expect([...new Set(packages)].sort()).toEqual(["@preact/signals", "preact", "preact/hooks", "uplot"]);
});

test("a test imports what its folder may, and from test/", () => {
  const found = tests.flatMap(importsOf).filter(({ to }) => !to.startsWith("test/"));
  expect(found.length).toBeGreaterThan(100);
  expect(found.filter((each) => !keepsDirection(each)).map(told)).toEqual([]);
});

test("no file imports itself by way of others", () => {
  const next = new Map<string, string[]>();
  for (const { from, to, typeOnly } of imports)
    if (!typeOnly) next.set(from, [...(next.get(from) ?? []), to]);
  const cycles: string[] = [];
  const done = new Set<string>();
  const walk = (path: string, trail: string[]): void => {
    if (trail.includes(path)) cycles.push([...trail.slice(trail.indexOf(path)), path].join(" → "));
    if (trail.includes(path) || done.has(path)) return;
    for (const target of next.get(path) ?? []) walk(target, [...trail, path]);
    done.add(path);
  };
  for (const path of sources) walk(path, []);
  expect(cycles).toEqual([]);
});

const code = files.filter((path) => /\.(ts|mjs|cpp|h|py)$/.test(path));

test("no file is above 400 lines", () => {
  const long = code.map((path) => [path, read(path).trimEnd().split("\n").length] as const);
  expect(long.filter(([, lines]) => lines > 400)).toEqual([]);
});

test("no file is called utils or helpers", () => {
  expect(files.filter((path) => /^(utils?|helpers?|common|misc)\b/.test(basename(path)))).toEqual([]);
});

test("every source file says what it is in its first lines", () => {
  const silent = sources.filter((path) => !/^(#!.*\n)?\/\*\*\s*(\*\s*)?@file\s/.test(read(path)));
  expect(silent).toEqual([]);
});

test("only native/ includes a header of libtorch", () => {
  const including = code.filter((path) => /^#include\s*<(torch|ATen|c10)\//m.test(read(path)));
  expect(including.filter((path) => !path.startsWith("native/"))).toEqual([]);
});

test.skipIf(!existsSync(join(root, "README.md")))("README's file map is the tree", () => {
  const map = /## File map\n+```text\n([\s\S]*?)```/.exec(read("README.md"))?.[1];
  expect(map, "README.md has a file map").toBeDefined();
  const told = map!
    .trim()
    .split("\n")
    .map((line) => line.split(/\s{2,}/)[0]!);
  const top = files.map((path) => (path.includes("/") ? `${path.split("/")[0]}/` : path));
  const inside = files
    .map((path) => /^src\/[^/]+(\/|$)/.exec(path)?.[0])
    .filter((path) => path !== undefined);
  expect([...told].sort()).toEqual([...new Set([...top, ...inside])].sort());
});
