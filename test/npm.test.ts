/** @file Training as users start it, through npm, which a queue or a terminal then ends: saved, with the promised code. */

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { root } from "./markdown.ts";
import { lastCheckpoint, records, tiny } from "./tiny.ts";

const folder = mkdtempSync(join(tmpdir(), "vitrine npm-"));
afterAll(() => rmSync(folder, { recursive: true }));
const recipe = join(folder, "tiny.json");
writeFileSync(recipe, JSON.stringify(tiny({ "train.epochs": 100_000 })));

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Starts an endless run in a group of processes of its own, and waits for its first steps. */
async function start(name: string, command: string, args: readonly string[]): Promise<ChildProcess> {
  const flags = ["train", recipe, "--output", folder, "--experiment", name, "--progress", "none"];
  const env = { ...process.env, npm_config_update_notifier: "false" };
  const child = spawn(command, [...args, ...flags], { cwd: root, env, detached: true, stdio: "ignore" });
  while (!existsSync(join(folder, name, "metrics.jsonl")) || records(join(folder, name)).length < 3) {
    expect(child.exitCode, `${command} ended before its first step`).toBeNull();
    await pause(50);
  }
  return child;
}

const codeOf = (child: ChildProcess): Promise<number | null> =>
  new Promise((resolve) => child.on("exit", (code) => resolve(code)));

const saved = (name: string): boolean => existsSync(join(folder, name, "checkpoints", "last"));

test.each([
  ["npx", ["vitrine"], "SIGTERM", 75],
  ["npm", ["run", "vitrine", "--"], "SIGTERM", 75],
  ["npm", ["run", "vitrine", "--"], "SIGINT", 130],
] as const)("%s %j, sent %s, ends with %i and a checkpoint", async (command, args, signal, code) => {
  const name = `${command}-${signal}`;
  const child = await start(name, command, args);
  const end = codeOf(child);
  child.kill(signal);
  expect(await end).toBe(code);
  expect(saved(name)).toBe(true);
});

test("Ctrl-C, which the terminal sends to npm and to the program, saves too", async () => {
  const child = await start("group", "npx", ["vitrine"]);
  const end = codeOf(child);
  process.kill(-child.pid!, "SIGINT");
  expect(await end).toBe(130);
  expect(lastCheckpoint(join(folder, "group")).state.step).toBeGreaterThan(0);
});

test("where npm's shell ends without passing the signal on, the run saves and ends by itself", async () => {
  const child = await start("orphan", "npm", ["--script-shell=sh", "exec", "--", "vitrine"]);
  child.kill("SIGTERM");
  await codeOf(child);
  const run = join(folder, "orphan");
  while (readdirSync(run).some((name) => name.startsWith(".lock-"))) await pause(50);
  expect(saved("orphan")).toBe(true);
});
