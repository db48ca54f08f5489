/** @file docs/extend.md, followed by somebody who has only the built program: outside the package, to the last command. */

import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { main, requireBuilt } from "./built/program.ts";
import { blocks, root } from "./markdown.ts";

requireBuilt();
const folder = mkdtempSync(join(tmpdir(), "vitrine extend-"));
afterAll(() => rmSync(folder, { recursive: true }));

const page = readFileSync(join(root, "docs/extend.md"), "utf8");
const fileIn = (language: string): { name: string; text: string } => {
  const { code } = blocks(page).find((block) => block.language === language)!;
  const [, name, text] = /^(?:\/\/|#) (\S+)\n([\s\S]*)$/.exec(code)!;
  return { name: name!, text: text! };
};

/** Runs the program there, without what runs the tests' TypeScript. */
const vitrine = (args: readonly string[]) =>
  new Promise<{ code: number; stdout: string; stderr: string }>((done) => {
    execFile(process.execPath, [main, ...args], { cwd: folder }, (error, stdout, stderr) =>
      done({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
const train = (...more: string[]) =>
  vitrine(["train", "my.yaml", "--plugin", "./toy.ts", "--progress", "none", ...more]);
const weights = (name: string) =>
  readFileSync(join(folder, "runs", name, "checkpoints/step-00000040/model.safetensors"));

test("a model, a data set and a method in one file of at most 120 lines: trained, gone on with, evaluated, inspected", async () => {
  const [recipe, toy] = [fileIn("yaml"), fileIn("ts")];
  expect(toy.text.trimEnd().split("\n").length).toBeLessThanOrEqual(120);
  for (const { name, text } of [recipe, toy]) writeFileSync(join(folder, name), text);

  for (const stop of [
    ["--max-steps", "15"],
    ["--max-steps", "23", "--resume", "auto"],
    ["--resume", "auto"],
  ])
    expect(await train("--experiment", "toy", ...stop)).toMatchObject({ code: 0 });
  expect(await train("--experiment", "whole")).toMatchObject({ code: 0 });
  expect(weights("toy").equals(weights("whole"))).toBe(true);

  for (const line of blocks(page)
    .find(({ language }) => language === "bash")!
    .code.trim()
    .split("\n")
    .slice(1)) {
    const { code, stdout, stderr } = await vitrine(
      line
        .replace(/ {2,}#.*/, "")
        .split(" ")
        .slice(1),
    );
    expect([code, /internal/.test(stderr)], `${line}: ${stderr}`).toEqual([0, false]);
    expect(stdout).toMatch(/top-1 \d\d|sparse coding|accuracy/);
  }
});

test("without the plugin its run is refused, with what to do", async () => {
  const { code, stderr } = await vitrine(["eval", "runs/toy"]);
  expect(code).toBe(2);
  expect(stderr).toMatch(/method\.name.*received "toy".*--plugin/);
});

test.each([
  ["nowhere.ts", undefined, "there is no such file"],
  ["syntax.ts", "export enum {", "cannot be loaded: "],
  ["throws.ts", "throw new Error('mine')", "cannot be loaded: mine"],
  ["nothing.ts", "export const a = 1", "expected it to export methods, models, datasets or one of them"],
  ["taken.ts", "export const methods = { mae: {} }", "is there already; choose another name"],
])("a plugin that is none: %s", async (name, text, says) => {
  if (text !== undefined) writeFileSync(join(folder, name), text);
  const { code, stderr } = await vitrine(["data", "ls", "--plugin", name]);
  expect([code, stderr.trim().split("\n").length]).toEqual([2, 1]);
  expect(stderr).toContain(says);
});
