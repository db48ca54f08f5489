/** @file Nobody reads what the program says: the work goes on, and the exit code is that of the work. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { launch } from "./spawn.ts";
import { lastCheckpoint, tiny } from "./tiny.ts";

const folder = mkdtempSync(join(tmpdir(), "vitrine readers-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("a run goes on to its end when the readers of stderr and stdout have gone", async () => {
  const recipe = join(folder, "recipe.json");
  writeFileSync(recipe, JSON.stringify(tiny()));
  const { child, ended } = launch([
    "train",
    recipe,
    "--output",
    folder,
    "--experiment",
    "run",
    "--progress",
    "plain",
  ]);
  child.stdout!.destroy();
  child.stderr!.once("data", () => child.stderr!.destroy());
  expect((await ended).code).toBe(0);
  expect(lastCheckpoint(join(folder, "run")).state.step).toBe(20);
});

test.skipIf(!existsSync("/dev/full"))(
  "an answer that a full disk does not take is a disk error; talk is dropped",
  () => {
    const shell = (to: string) => {
      const entry = new URL("../src/cli/main.ts", import.meta.url).pathname;
      const args = ["--import", import.meta.resolve("tsx"), entry, "recipes", "ls"];
      return spawnSync("bash", ["-c", `exec "$@" ${to}`, "bash", process.execPath, ...args], {
        encoding: "utf8",
      });
    };
    const full = shell(">/dev/full");
    expect(full.stderr).toBe("error: cannot write stdout: no space left on the disk; free some (ENOSPC)\n");
    expect(full.status).toBe(7);
    expect(shell(">/dev/null 2>/dev/full").status).toBe(0);
    expect(shell(">&- 2>&-").status).toBe(0);
  },
);
