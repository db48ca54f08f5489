/** @file `vitrine sweep` with its processes: the environment, ctrl-C's code, going on, the answer as JSON and as a table. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readSweep, type Sweep } from "../src/sweep/index.ts";
import { vitrine } from "./spawn.ts";

const root = mkdtempSync(join(tmpdir(), "vitrine sweep-"));
afterAll(() => rmSync(root, { recursive: true }));

const recipe = join(root, "tiny.json");
writeFileSync(
  recipe,
  JSON.stringify({
    name: "tiny",
    model: { name: "crate", dim: 16, depth: 1, heads: 2, patch: 4, imageSize: 8 },
    data: { name: "synthetic" },
    train: { epochs: 1, batchSize: 64, lr: 0.5, threads: 1, device: "cpu", logInterval: 1 },
  }),
);
const sweep = (...more: string[]) =>
  vitrine(["sweep", recipe, "--output", join(root, "sweep"), "--seeds", "1", "--progress", "none", ...more], {
    VITRINE_TRAIN__WEIGHT_DECAY: "0.01",
    VITRINE_TRAIN__LR: "0.4", // which --set has to win over, in the runs too
  });

test("runs are processes by the settings, called again nothing is repeated", async () => {
  const { code, stdout, stderr } = await sweep("--set", "train.lr=0.01,1e-6", "--json");
  expect([code, stderr.match(/sweep: .*/g)]).toEqual([
    0,
    [
      "sweep: holds out 0.1 of the training data to compare settings by (data.validation)",
      "sweep: run 1 of 2, lr 0.01, seed 42",
      expect.stringMatching(/^sweep: run 2 of 2, lr 0.000001, seed 42, about \d+ min left$/),
    ],
  ]);
  const found = JSON.parse(stdout) as Sweep;
  expect(found).toEqual(readSweep(join(root, "sweep")));
  const [first, second] = found.settings;
  expect(found.chosen).toBe(first!.name);
  expect(first!.runs[0]).toMatchObject({ state: "done", steps: 9, test: expect.any(Number) });
  expect(second!.runs[0]!.test).toBeUndefined();
  const own = await vitrine(["config", "print", join(root, "sweep", first!.runs[0]!.run), "--json"]);
  expect(JSON.parse(own.stdout)).toMatchObject({
    train: { lr: 0.01, weightDecay: 0.01 },
    data: { validation: 0.1 },
  });

  const again = await sweep("--set", "train.lr=0.01,1e-6");
  expect(again.code).toBe(0);
  expect(again.stderr).toContain("sweep: 2 of 2 runs are done already");
  expect(again.stderr).not.toContain("run folder");
  expect(again.stdout).toMatch(
    /^ *lr +seeds +validation top1 +steps +parameters +MFLOP +processor s\n *0\.01 +1 of 1 .* chosen\n/,
  );
  expect(again.stdout).toMatch(/\nchosen by validation: lr 0\.01; top1 [\d.]+, on the test split [\d.]+\n/);
  expect(again.stdout).toMatch(/\nR\^c of the layers, nats, lr 0\.01: [\d.]+\n/); // one layer, one seed
});

test("what is wrong is said before anything runs", async () => {
  const wrong = await sweep("--set", "train.lrr=1");
  expect([wrong.code, wrong.stderr]).toEqual([
    2,
    'error: --set train.lrr: no such key (did you mean "train.lr"?)\n',
  ]);
  const other = await sweep("--train.epochs", "2");
  expect(other.code).toBe(2);
  expect(other.stderr).toContain(
    "has a sweep of another recipe, other settings beside --set, or another budget",
  );
});
