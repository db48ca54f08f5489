import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { DiskError, UsageError } from "../base/errors.ts";
import { placeRun, removeIfEmpty } from "./run-folder.ts";

let output: string;
beforeEach(() => {
  output = mkdtempSync(join(tmpdir(), "vitrine-runs-"));
});
afterEach(() => rmSync(output, { recursive: true }));

function run(name: string): string {
  const folder = join(output, name);
  mkdirSync(join(folder, "checkpoints", "step-00000010"), { recursive: true });
  writeFileSync(join(folder, "recipe.json"), "{}");
  return folder;
}

const place = (request: object = {}) => placeRun({ recipe: "digits", output, ...request });

test("a new run is named by date, time and recipe, and leaves no probe behind", () => {
  const { folder, resume } = place();
  expect(folder.slice(output.length + 1)).toMatch(/^\d{8}-\d{6}-digits-[0-9a-f]{4}$/);
  expect(resume).toBeUndefined();
  expect(readdirSync(folder)).toEqual([]);
  removeIfEmpty(folder);
  expect(existsSync(folder)).toBe(false);
});

test("a named run goes to its own folder, once", () => {
  expect(place({ experiment: "first" }).folder).toBe(join(output, "first"));
  run("first");
  expect(() => place({ experiment: "first" })).toThrow(/holds a run already; go on with --resume auto/);
  mkdirSync(join(output, "mine"));
  writeFileSync(join(output, "mine", "thesis.tex"), "");
  expect(() => place({ experiment: "mine" })).toThrow(/holds other files/);
});

test.each<[what: string, name: string]>([
  ["lock", ".lock-here-4711-9"],
  ["probe", ".tmp-probe-4711"],
  ["half-written recipe", "recipe.json.tmp-4711"],
  ["half-written pointer", "checkpoints/last.tmp-4711"],
  ["half-written checkpoint", "checkpoints/.tmp-step-00000010-4711/model.safetensors"],
  ["empty folder", "checkpoints/"],
])("a %s that a killed run left before its recipe counts as nothing", (_, name) => {
  const folder = join(output, "first");
  mkdirSync(join(folder, name, name.endsWith("/") ? "." : ".."), { recursive: true });
  if (!name.endsWith("/")) writeFileSync(join(folder, name), "");
  for (const resume of [undefined, "auto"])
    expect(place({ experiment: "first", resume })).toEqual({ folder });
});

test("what is not a killed run's is named", () => {
  mkdirSync(join(output, "first", "checkpoints", "step-00000010"), { recursive: true });
  writeFileSync(join(output, "first", "checkpoints", "step-00000010", "config.json"), "{}");
  expect(() => place({ experiment: "first", resume: "auto" })).toThrow(
    "holds other files, such as checkpoints/step-00000010/config.json; choose another --experiment",
  );
});

test.each(["../x", "a/b", "", ".hidden", "x".repeat(200)])("%j is no name for a folder", (experiment) => {
  expect(() => place({ experiment })).toThrow(UsageError);
});

test("auto resumes the named run, or starts it", () => {
  expect(place({ experiment: "first", resume: "auto" })).toEqual({ folder: join(output, "first") });
  run("first");
  expect(place({ experiment: "first", resume: "auto" })).toEqual({
    folder: join(output, "first"),
    resume: "auto",
  });
});

test("without a name the newest run of the same recipe is resumed", () => {
  expect(() => place({ resume: "last" })).toThrow(/no run to resume at/);
  run("20250101-000000-digits-0001");
  const newer = run("20250102-000000-digits-0001");
  run("20250103-000000-vit-digits-0001");
  expect(place({ resume: "last" })).toEqual({ folder: newer, resume: "last" });
  expect(place({ resume: "step-00000010" })).toEqual({ folder: newer, resume: "step-00000010" });
});

test("a path resumes the run that it lies in", () => {
  const folder = run("first");
  const checkpoint = join(folder, "checkpoints", "step-00000010");
  expect(place({ resume: folder })).toEqual({ folder, resume: "auto" });
  expect(place({ resume: checkpoint })).toEqual({ folder, resume: checkpoint });
  const branched = { folder: join(output, "second"), resume: checkpoint };
  expect(place({ resume: checkpoint, experiment: "second" })).toEqual(branched);
  expect(() => place({ resume: join(output, "none") })).toThrow(/nothing to resume at/);
  expect(() => place({ resume: output })).toThrow(/is in no run folder/);
});

test("a run folder in place of a recipe is the one that is resumed", () => {
  const folder = run("first");
  expect(place({ resume: "best", run: folder })).toEqual({ folder, resume: "best" });
});

test("a folder that cannot be written is a disk error", () => {
  const file = join(output, "file");
  writeFileSync(file, "");
  expect(() => place({ output: join(file, "runs") })).toThrow(DiskError);
});
