import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { vitrine } from "./spawn.ts";

const folder = mkdtempSync(join(tmpdir(), "vitrine-cli-"));
afterAll(() => rmSync(folder, { recursive: true }));

test.concurrent("the top-level help loads neither schema, YAML nor addon", async () => {
  const coverage = join(folder, "coverage");
  const { code, stdout, stderr } = await vitrine(["--help"], { NODE_V8_COVERAGE: coverage });
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toMatch(/^ {2}train RECIPE .*(\n.*){0,3}\n {2}eval RUN/m);
  expect(stdout).toMatch(/Examples:\n.*vitrine train digits/);
  expect(stdout).toMatch(/ 75 {2}stopped by SIGTERM/);
  const loaded = readdirSync(coverage)
    .map((file) => readFileSync(join(coverage, file), "utf8"))
    .join("");
  expect(loaded).toMatch(/node_modules\/commander\//);
  expect(loaded).not.toMatch(/node_modules\/(zod|yaml|sharp)\/|\.node"|src\/method\//);
});

test.concurrent("no command at all is a usage error that shows the help on stderr", async () => {
  const { code, stdout, stderr } = await vitrine([]);
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toMatch(/^Usage: vitrine COMMAND/);
});

test.concurrent("a wrong flag ends with code 2 and one line on stderr", async () => {
  const { code, stdout, stderr } = await vitrine(["train", "digits", "--epocs", "3"], { FORCE_COLOR: "0" });
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toBe('error: unknown flag --epocs (did you mean "--epochs"?); see vitrine train --help\n');
});

test.concurrent("defaults, recipe, file, environment and flags win in this order", async () => {
  const file = join(folder, "more.yaml");
  writeFileSync(file, "train:\n  lr: 0.5\n  batchSize: 16\n  epochs: 5\n");
  const args = ["config", "print", "digits", "--config", file, "--epochs", "7", "--origin", "--json"];
  const environment = { VITRINE_TRAIN__BATCH_SIZE: "8", VITRINE_TRAIN__EPOCHS: "6" };
  const { code, stdout, stderr } = await vitrine(args, environment);
  expect([code, stderr]).toEqual([0, ""]);
  const origins = JSON.parse(stdout);
  expect(origins["train.epochs"]).toEqual({ value: 7, origin: "--epochs" });
  expect(origins["train.batchSize"]).toEqual({ value: 8, origin: "VITRINE_TRAIN__BATCH_SIZE" });
  expect(origins["train.lr"]).toEqual({ value: 0.5, origin: `${file}:2` });
  expect(origins["train.keep"]).toEqual({ value: 3, origin: "default" });
  expect(origins["model.name"].origin).toMatch(/^digits\.yaml:\d+$/);
});

test.concurrent("a recipe that is printed can be read back", async () => {
  const { stdout } = await vitrine(["config", "print", "digits", "--epochs", "3"]);
  const file = join(folder, "printed.yaml");
  writeFileSync(file, stdout);
  const check = await vitrine(["config", "check", file]);
  expect(check).toEqual({ code: 0, stdout: `${file}: recipe digits is valid\n`, stderr: "" });
});

test.concurrent("data show counts the images of each class", async () => {
  const { code, stdout, stderr } = await vitrine(["data", "show", "digits", "--json"]);
  expect([code, stderr]).toEqual([0, ""]);
  const shown = JSON.parse(stdout);
  expect(shown).toMatchObject({
    name: "digits",
    channels: 1,
    height: 28,
    width: 28,
    train: 8004,
    test: 1996,
  });
  const sum = (split: "train" | "test") =>
    shown.classes.reduce((n: number, row: Record<string, number>) => n + row[split]!, 0);
  expect([shown.classes.length, sum("train"), sum("test")]).toEqual([10, 8004, 1996]);
});

test.concurrent("data that is not there ends with code 3 and says where it was looked for", async () => {
  const { code, stdout, stderr } = await vitrine(["data", "show", "mnist", "--data-dir", folder]);
  expect([code, stdout]).toEqual([3, ""]);
  expect(stderr).toContain(join(folder, "mnist"));
});

test.concurrent("an output folder that cannot be written is told at the start, with code 7", async () => {
  const file = join(folder, "file");
  writeFileSync(file, "");
  const { code, stderr } = await vitrine(["train", "digits", "--output", join(file, "runs")]);
  expect(code).toBe(7);
  expect(stderr).toMatch(/^error: cannot write .*; choose another folder \(ENOTDIR\)\n$/m);
});

test.concurrent("a reader that closes early is no error", async () => {
  const entry = fileURLToPath(new URL("../src/cli/main.ts", import.meta.url));
  const child = spawn(process.execPath, ["--import", "tsx", entry, "config", "keys", "--json"]);
  let stderr = "";
  child.stderr.on("data", (data) => {
    stderr += data;
  });
  child.stdout.destroy();
  const code = await new Promise((resolve) => child.on("close", resolve));
  expect([code, stderr]).toEqual([0, ""]);
});

test.concurrent("verify runs the claims named, writes report and figures, and prints the verdicts", async () => {
  const output = join(folder, "verify");
  const names = ["log-det-identity", "rotation-invariance"];
  const { code, stdout, stderr } = await vitrine(["verify", ...names, "--quick", "--output", output]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^claim +source +expected +measured +verdict +seconds\n/);
  expect(stdout).toMatch(/\n2 of 2 claims come out as stated, /);
  expect(stderr).toMatch(/^ok {5}log-det-identity, [\d.]+ s\nok {5}rotation-invariance/);
  const figures = names.flatMap((name) => [`${name}.csv`, `${name}.svg`]);
  expect(readdirSync(join(output, "figures")).sort()).toEqual(figures);
  const report = JSON.parse(readFileSync(join(output, "report.json"), "utf8")) as { quick: boolean };
  expect(report.quick).toBe(true);
});

test.concurrent("verify knows its claims", async () => {
  const [list, wrong] = await Promise.all([
    vitrine(["verify", "--list", "--json", "tweedie"]),
    vitrine(["verify", "tweedi"]),
  ]);
  expect(list.code).toBe(0);
  expect(JSON.parse(list.stdout)).toMatchObject([{ name: "tweedie", condition: "" }]);
  expect([wrong.code, wrong.stdout]).toEqual([2, ""]);
  expect(wrong.stderr).toBe(
    'error: no claim "tweedi" (did you mean "tweedie"?); "vitrine verify --list" lists them\n',
  );
});
