/** @file The built program does what help texts and documents show: each line is run once, on small stand-ins. */

import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Recipe, resolveRecipe } from "../src/method/recipe.ts";
import { findRecipe } from "../src/recipe/recipes.ts";
import { allLines, type Line } from "./built/lines.ts";
import { main, requireBuilt } from "./built/program.ts";
import { makeStandIns, smallSettings, workplace } from "./built/stand-ins.ts";

requireBuilt();
const folder = mkdtempSync(join(tmpdir(), "vitrine built-"));
afterAll(() => rmSync(folder, { recursive: true }));

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** Nobody is there: data and weights of publishers are reached for, and no more. */
const NOWHERE = "http://127.0.0.1:1";

/** A line in bash, where `vitrine` is the built program. */
function shell(line: string, environment: Record<string, string> = {}, cwd = folder): Promise<Ended> {
  const kept = Object.entries(process.env).filter(([name]) => !/^VITRINE_(?!ADDON)/.test(name));
  const env = {
    ...Object.fromEntries(kept),
    HOME: cwd,
    VITRINE_DATA: join(folder, "data"),
    HF_ENDPOINT: NOWHERE,
    ...environment,
  };
  // a line that does not end leaves no process behind; a server ends when it is told to
  const limit = line.startsWith("vitrine studio") && !line.includes("--help") ? "--preserve-status 8" : "110";
  const script = `vitrine() { timeout ${limit} ${JSON.stringify(process.execPath)} ${JSON.stringify(main)} "$@"; }\n${line}`;
  return new Promise((resolve) => {
    execFile("bash", ["-c", script], { cwd, env, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), stdout, stderr });
    });
  });
}

const verbs = ["data ls", "data get", "data show", "models ls", "models show", "recipes ls", "recipes show"];
const groups = ["config print", "config check", "config keys"];
const top = await shell("vitrine --help");
const names = [...top.stdout.matchAll(/^ {2}([a-z]+) (?:[A-Z[<]|\w+\|)/gm)].map(([, name]) => name!);
const commands = [...names.filter((name) => name !== "help"), ...verbs, ...groups];
const help = new Map([["vitrine", top.stdout]]);
await Promise.all(
  commands.map(async (command) => {
    const { code, stdout, stderr } = await shell(`vitrine ${command} --help`);
    expect([code, stderr], command).toEqual([0, ""]);
    help.set(`vitrine ${command}`, stdout);
  }),
);
/** A command's name alone, where it needs more, is spoken of and not run; nor is set-up, which makes what the others use. */
const isMention = ({ line }: Line): boolean =>
  line === "vitrine setup" ||
  new RegExp(`^Usage: ${line} (?:\\[flags\\] )?[^[\\s]`, "m").test(help.get(line) ?? "");
const lines = allLines(new Map([...help].sort())).filter((line) => !isMention(line));

const word = (line: string, flag: string): string | undefined =>
  new RegExp(`${flag}[ =](\\S+)`).exec(line)?.[1];
const sweeps = (line: string): string | undefined => / ?vitrine sweep (\S+)/.exec(line)?.[1];
const trains = (line: string): string | undefined => / ?vitrine (?:launch .*-- )?train (\S+)/.exec(line)?.[1];
const isResumed = (line: string): boolean => line.includes("--resume");
/** Lines that make a run which others name. */
const makers = lines.filter(({ line }) => trains(line) && word(line, "--experiment") && !isResumed(line));
/** Runs and files of runs that a line reads. */
const runsIn = (line: string): string[] => [...line.matchAll(/\bruns\/([\w.-]+)/g)].map(([, name]) => name!);

/** Where a full run would take minutes, a short one: the flags of the line stay as they are. */
function shortened(line: string): string {
  const bare = line
    .replace(/\bstep-\d{8}\b/g, "step-00000002")
    .replace(/^source <\((.*)\)$/, "$1 > /dev/null");
  if (bare.startsWith("vitrine studio")) return bare.replace(" --open", ""); // nobody is there to look
  if (trains(bare)) return `${bare} --max-steps ${isResumed(bare) ? 3 : 2}`;
  const swept = sweeps(bare);
  if (swept !== undefined)
    return bare.includes("--budget-seconds")
      ? `${bare.replace(/--budget-seconds \S+/, "--budget-seconds 2s")} --seeds 1`
      : `${bare} --seeds 1 ${"epochs" in recipeOf(swept).train ? "--train.epochs 1" : "--train.steps 2 --train.warmup 1"}`;
  if (/^vitrine verify(?!.*--list)/.test(bare))
    return / verify( --\S+( \S+)?)*$/.test(bare) ? `${bare} --quick tweedie` : `${bare} --quick`;
  return bare.startsWith("vitrine data get") ? `${bare} --base-url ${NOWHERE}/` : bare;
}

/** Exit codes of a line that did what it says. No publisher is asked in a test: what remains is to reach for it. */
function expectedCodes(line: string): number[] {
  if (line === "vitrine doctor") return [0, 1];
  return line.startsWith("vitrine data get") || line.includes(" hf:") ? [3] : [0];
}

async function run({ line, places }: Line): Promise<void> {
  const cwd = workplace(folder);
  const recipe = trains(line) ?? sweeps(line);
  const small = recipe === undefined ? {} : smallSettings(recipeOf(recipe));
  const ended = await shell(shortened(line), small, cwd);
  const told = `${line}\n  of ${places.join(", ")}\n${ended.stderr.slice(-1500)}`;
  expect(expectedCodes(line), told).toContain(ended.code);
  expect(ended.stderr, told).not.toContain("internal:");
  if (ended.code === 0 && !shortened(line).includes(">")) expect(ended.stdout, told).not.toBe("");
}

/** A recipe's name, or its path in the folder of the stand-ins. */
const named = (recipe: string): string => (existsSync(join(folder, recipe)) ? join(folder, recipe) : recipe);

const recipeOf = (recipe: string): Recipe => resolveRecipe([findRecipe(named(recipe))]).recipe;

const made = new Map<string, Promise<void>>();

beforeAll(async () => {
  await makeStandIns(folder);
  for (const name of ["my-recipe.yaml", "mine.yaml"])
    writeFileSync(join(folder, name), readFileSync(join(import.meta.dirname, "../recipes/digits.yaml")));
  // a run is there before lines that read it: makers of makers first
  const make = (maker: Line): Promise<void> => {
    const known = made.get(maker.line);
    if (known !== undefined) return known;
    const running = (async () => {
      const needed = makers.filter((other) => needs(maker.line).includes(word(other.line, "--experiment")!));
      for (const other of needed) await make(other);
      await run(maker);
    })();
    made.set(maker.line, running);
    running.catch(() => {}); // told by the test of the line
    return running;
  };
  const queue = [...makers];
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) await make(next).catch(() => {});
  };
  await Promise.all([worker(), worker()]);
}, 300_000);

/** Runs that a line reads, by its words or by its recipe. */
function needs(line: string): string[] {
  const recipe = trains(line);
  const file = recipe === undefined ? undefined : join(import.meta.dirname, `../recipes/${recipe}.yaml`);
  const text = file !== undefined && existsSync(file) ? readFileSync(file, "utf8") : "";
  return [...runsIn(line), ...runsIn(text.replaceAll(/#.*$/gm, ""))];
}

test("the lines are found", () => {
  expect(names.length).toBeGreaterThan(15);
  expect(lines.length).toBeGreaterThan(80);
  expect(makers.length).toBeGreaterThan(8);
});

test("a run's name stands for one recipe, and every run that a line reads is made by another line", () => {
  const recipes = new Map<string, Set<string>>();
  for (const { line } of makers) {
    const name = word(line, "--experiment")!;
    recipes.set(name, (recipes.get(name) ?? new Set()).add(trains(line)!));
  }
  expect([...recipes].filter(([, from]) => from.size > 1)).toEqual([]);
  const missing = lines.flatMap(({ line, places }) =>
    needs(line)
      .filter((name) => !recipes.has(name))
      .map((name) => `${name}: ${line} (${places})`),
  );
  expect(missing).toEqual([]);
});

test.each(makers.map((maker) => [maker.line, maker] as const))("%s", async (_, maker) => {
  await made.get(maker.line);
});

const readers = lines.filter((line) => !makers.includes(line) && !isResumed(line.line));
test.concurrent.each(readers.map((line) => [line.line, line] as const))("%s", (_, line) => run(line));

// these change runs that others read
const resumed = lines.filter(({ line }) => isResumed(line));
test.sequential.each(resumed.map((line) => [line.line, line] as const))("%s", (_, line) => run(line));
