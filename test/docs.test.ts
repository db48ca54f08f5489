/** @file What README and docs/ say is so: commands, links, code, tables, citations. */

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Command } from "commander";
import { afterAll, expect, test } from "vitest";
import { parse } from "yaml";
import { program } from "../src/cli/program.ts";
import { datasets, modelNames, recipeNames } from "../src/index.ts";
import { anchors, blocks, commands, headings, links, pages, projectFiles, root } from "./markdown.ts";
import { typescript, vitrine } from "./spawn.ts";

const read = (path: string): string => readFileSync(join(root, path), "utf8");
const temporary = mkdtempSync(join(tmpdir(), "vitrine-docs-"));
afterAll(() => rmSync(temporary, { recursive: true }));

const all = [...new Set(pages().flatMap(({ text }) => commands(text)))];
const scripts = (JSON.parse(read("package.json")) as { scripts: Record<string, string> }).scripts;
const cli = await program([], true);

/** The arguments of `vitrine` in a command; undefined where it is another program's. */
function vitrineArguments(command: string): string[] | undefined {
  const args = /^(?:npx |node_modules\/\.bin\/)?vitrine (.*)$/.exec(command)?.[1];
  return args?.split(/\s+/).filter((word) => !/^\[.*\]$/.test(word));
}

/** A word that stands for something: NAME, RECIPE, FILE…, PATH. */
const isPlaceholder = (word: string): boolean => /^[A-Z]+…?$/.test(word) || /[/.]/.test(word);

/** What is wrong with arguments of `vitrine`: commands, flags and names that there are not. */
function faultOf([name = "", ...words]: string[]): string | undefined {
  const end = words.indexOf("--"); // what follows is another command: launch -- train digits
  if (end >= 0) return faultOf([name, ...words.slice(0, end)]) ?? faultOf(words.slice(end + 1));
  const rest = [...words];
  if (isPlaceholder(name) || name.startsWith("-")) return undefined;
  let command: Command | undefined = cli.commands.find((child) => child.name() === name);
  if (command === undefined) return `no command ${name}`;
  if (command.commands.length > 0 && rest.length > 0) {
    const verb = rest.shift();
    command = command.commands.find((child) => child.name() === verb);
    if (command === undefined) return `no command ${name} ${verb}`;
  }
  const flags = rest.filter((word) => word.startsWith("-") && word !== "--help");
  const known = command.options.flatMap(({ long, short }) => [long, short]);
  const wrong = flags.find((flag) => !known.includes(flag.split("=")[0]));
  if (wrong !== undefined) return `no flag ${wrong}`;
  const [first] = rest;
  if (first === undefined || first.startsWith("-") || isPlaceholder(first)) return undefined;
  const names: Record<string, readonly string[]> = {
    train: recipeNames(),
    print: recipeNames(),
    recipes: recipeNames(),
    data: datasets().map((set) => set.name),
    models: modelNames(),
  };
  const choices = names[command.name()] ?? (command.name() === "keys" ? undefined : names[name]);
  return choices === undefined || choices.includes(first) ? undefined : `${first} is not one of ${choices}`;
}

/** What is wrong with a command that is not `vitrine`. */
function missing(command: string): string | undefined {
  const [, script] = /^npm run ([\w:]+)/.exec(command) ?? /^npm (test)\b/.exec(command) ?? [];
  if (script !== undefined) {
    if (scripts[script] === undefined) return `package.json has no script ${script}`;
    const file = /^node (scripts\/\S+)/.exec(scripts[script])?.[1];
    return file === undefined || existsSync(join(root, file)) ? undefined : `${file} is not there`;
  }
  if (/^(cd|sha256sum|tensorboard|apt-get|torchrun|npm (config|install|pack)) /.test(command))
    return undefined; // the system's own
  const [, file] = /^(?:node|bash|npx tsx|npx vitest run) (\S+)/.exec(command) ?? [];
  if (file === undefined) return "a command that this test does not know";
  return existsSync(join(root, file)) ? undefined : `${file} is not there`;
}

test("every command in the documents is there, with its flags and names", () => {
  const faults = all.map((command) => {
    const args = vitrineArguments(command);
    return [command, args === undefined ? missing(command) : faultOf(args)] as const;
  });
  expect(faults.filter(([, fault]) => fault !== undefined)).toEqual([]);
  expect(all).toEqual(expect.arrayContaining(["npm run demo", "npm test"]));
});

test("the examples in the help texts are there too", () => {
  const sources = projectFiles().filter((path) => /^src\/cli\/.*(?<!\.test)\.ts$/.test(path));
  const examples = sources.flatMap((path) => [
    ...read(path).matchAll(/^\s+\$ (vitrine .*?)(?: {2,}.*)?[`;]*$/gm),
  ]);
  expect(examples.length).toBeGreaterThan(10);
  const faults = examples.map(([, line]) => [line, faultOf(vitrineArguments(line!)!)]);
  expect(faults.filter(([, fault]) => fault !== undefined)).toEqual([]);
});

/** Commands that only read, and take a second or two. */
const quick = all
  .filter((command) => /^npx vitrine (recipes|models|config|data ls)\b/.test(command))
  .map((command) => vitrineArguments(command)!);

test.concurrent.each(quick.map((args) => [args.join(" "), args] as const))(
  "vitrine %s runs",
  async (_, args) => {
    const { code, stdout, stderr } = await vitrine(args);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout.length).toBeGreaterThan(40);
  },
);

test.skipIf(!existsSync(join(root, "src/tensor/doctor.ts")))("vitrine doctor runs", async () => {
  const { code, stdout } = await vitrine(["doctor"]);
  expect([0, 1]).toContain(code); // 1 where something needs a remedy
  expect(stdout).toContain("libtorch");
});

test("the README's program prints what its comments say", async () => {
  const [code] = blocks(read("README.md")).filter(({ language }) => language === "ts");
  const library = pathToFileURL(join(root, "src/index.ts")).href;
  const file = join(temporary, "readme.mts");
  writeFileSync(file, code!.code.replace('from "vitrine"', `from "${library}"`));
  const { code: exit, stdout, stderr } = await typescript([file]);
  expect([exit, stderr]).toEqual([0, ""]);
  const promised = [...code!.code.matchAll(/^\s*console\.log\(.*\); \/\/ (.*)$/gm)].map(([, text]) => text);
  expect(promised.length).toBeGreaterThan(0);
  expect(stdout.trim().split("\n")).toEqual(promised);
});

test("every relative link leads to a file, and every anchor to a heading", () => {
  const broken = pages().flatMap(({ path, text }) => {
    const at = (target: string) => join(root, dirname(path), target);
    const files = links(text).filter((target) => !existsSync(at(target)));
    const gone = anchors(text).filter(
      ([page, anchor]) => !headings(readFileSync(at(page), "utf8")).includes(anchor),
    );
    return [...files, ...gone.map((pair) => pair.join("#"))].map((target) => `${path}: ${target}`);
  });
  expect(broken).toEqual([]);
});

test("docs/equations.md is what the @see tags say, and every symbol has a test", () => {
  const { status, stderr } = spawnSync(process.execPath, [join(root, "scripts/equations.mjs"), "--check"], {
    encoding: "utf8",
  });
  expect([status, stderr]).toEqual([0, ""]);
});

test("CITATION.cff has the papers, each with title, year, authors and number", () => {
  interface Reference {
    title?: string;
    year?: number;
    authors?: unknown[];
    identifiers?: { value: string }[];
  }
  const citation = parse(read("CITATION.cff")) as { version: string; references: Reference[] };
  expect(citation.version).toBe(JSON.parse(read("package.json")).version);
  const numbers = citation.references.map(({ identifiers }) => identifiers?.[0]?.value);
  expect(new Set(numbers).size).toBe(12);
  for (const { title, year, authors, identifiers } of citation.references) {
    expect(title).toMatch(/\w+ \w+/);
    expect(`${year}`).toMatch(/^20[12]\d$/);
    expect(authors!.length).toBeGreaterThan(1);
    expect(identifiers![0]!.value).toMatch(/^arXiv:\d{4}\.\d{5}$/);
  }
});

test("no file names a folder of somebody's machine or a package registry", () => {
  // written so that this file does not match itself
  const machine = /(?<![\w.~-])\/(?:work|home|root|Users)\/[\w.-]/;
  const registry = new RegExp(["registry[.]npmjs", "artifactory", "verdaccio", "pypi[.]org"].join("|"), "i");
  const text = projectFiles().filter((path) => !/\.(png|safetensors|gz|npy|bin)$/.test(path));
  const found = text.filter(
    (path) => path !== "test/docs.test.ts" && (machine.test(read(path)) || registry.test(read(path))),
  );
  expect(found).toEqual([]);
});
