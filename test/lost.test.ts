/** @file Several processes of the real command line, one of which dies, hangs, is told to stop or is another's. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { freePort, onRanks } from "./ranks.ts";
import { type Ended, launch, type Running } from "./spawn.ts";
import { lastCheckpoint, records, type Settings, tiny } from "./tiny.ts";

const folder = mkdtempSync(join(tmpdir(), "vitrine lost-"));
afterAll(() => rmSync(folder, { recursive: true }));

const SGD = { "train.optimizer": "sgd", "train.betas": null, "train.epochs": 1, "train.batchSize": 64 };

interface Start {
  size?: number;
  settings?: Settings;
  flags?: (rank: number) => string[];
  environment?: (rank: number) => NodeJS.ProcessEnv;
}

/** Starts the processes of a run. */
async function start(
  name: string,
  { size = 2, settings, flags, environment }: Start = {},
): Promise<Running[]> {
  const recipe = join(folder, `${name}.json`);
  writeFileSync(recipe, JSON.stringify(tiny({ ...SGD, ...settings })));
  const port = String(await freePort());
  const args = ["train", recipe, "--output", folder, "--experiment", name, "--progress", "none"];
  return Array.from({ length: size }, (_, rank) =>
    launch([...args, "--resume", "auto", ...(flags?.(rank) ?? [])], {
      ...{ RANK: String(rank), WORLD_SIZE: String(size), MASTER_ADDR: "127.0.0.1", MASTER_PORT: port },
      ...{ OMP_NUM_THREADS: "1", VITRINE_TIMEOUT: "20" },
      ...environment?.(rank),
    }),
  );
}

const endsOf = async (running: Promise<Running[]>): Promise<Ended[]> =>
  await Promise.all((await running).map(({ ended }) => ended));

/** A failpoint of one rank. */
const at = (rank: number, failpoint: string) => (other: number) =>
  rank === other ? { VITRINE_FAILPOINT: failpoint } : {};

const losses = (name: string) =>
  records(join(folder, name)).flatMap((record) => (record["train/loss"] as number | undefined) ?? []);

test("one is killed: the other names it, saves the last whole step, ends with 8; one process goes on", async () => {
  const [left] = await endsOf(start("killed", { environment: at(1, "train.reduce:kill@4") }));
  expect(left!.code, left!.stderr).toBe(8);
  expect(left!.stderr).toMatch(/all-reduce of gradients, bucket \d of \d on rank 0: rank 1 does not answer/);
  expect(left!.stderr).toContain("saved step 3, the last that all processes have made");
  const { name } = lastCheckpoint(join(folder, "killed"));
  expect(name).toBe("step-00000003");

  const alone = await endsOf(start("killed", { size: 1 }));
  expect(alone.map(({ code }) => code)).toEqual([0]);
  const whole = await endsOf(start("whole"));
  expect(whole.map(({ code }) => code)).toEqual([0, 0]);
  const [resumed, through] = [losses("killed"), losses("whole")];
  expect(resumed.length).toBe(10);
  for (const [i, loss] of through.entries()) expect(Math.abs(loss - resumed[i]!)).toBeLessThan(1e-4);
});

test("running statistics are saved as they were before the step that was lost", async () => {
  const settings = { model: { name: "resnet", width: 4, blocks: 1, imageSize: 8 } };
  const [left] = await endsOf(start("statistics", { settings, environment: at(1, "train.reduce:kill@4") }));
  expect(left!.stderr).toContain("saved step 3, the last that all processes have made");
  await endsOf(start("three", { settings, flags: () => ["--max-steps", "3"] }));
  const [lost, whole] = ["statistics", "three"].map((name) => lastCheckpoint(join(folder, name)));
  expect([lost!.name, lost!.hashes]).toEqual([whole!.name, whole!.hashes]);
});

test("one hangs: the other names it and the call after the time of a step", async () => {
  const environment = (rank: number) => ({ ...at(1, "train.reduce:stop@3")(rank), VITRINE_TIMEOUT: "3" });
  const running = await start("hangs", { environment });
  const left = await running[0]!.ended;
  running[1]!.child.kill("SIGKILL");
  await running[1]!.ended;
  expect(left.code, left.stderr).toBe(8);
  expect(left.stderr).toMatch(
    /error: all-reduce of gradients.* on rank 0: rank 1 does not answer \(.*[Tt]imed out/,
  );
});

test("one is told to stop: all stop at the same step, with a checkpoint", async () => {
  const ends = await endsOf(start("stopped", { environment: at(1, "train.reduce:term@5") }));
  expect(ends.map(({ code }) => code)).toEqual([75, 75]);
  const { state } = lastCheckpoint(join(folder, "stopped"));
  for (const { stderr } of ends)
    expect(stderr).toContain(`error: stopped at step ${state.step}, saved; go on with --resume auto`);
});

test("stopped and gone on, two processes make the run that was not stopped, to the bit", async () => {
  for (const flags of [["--max-steps", "3"], []])
    expect((await endsOf(start("again", { flags: () => flags }))).map(({ code }) => code)).toEqual([0, 0]);
  await endsOf(start("through"));
  expect(lastCheckpoint(join(folder, "again")).hashes).toEqual(
    lastCheckpoint(join(folder, "through")).hashes,
  );
});

const bodies = new URL("./lost-bodies.ts", import.meta.url);
/** How two processes end that run a body of `lost-bodies.ts`. */
async function endOf(body: string) {
  process.env.FOLDER = join(folder, "bodies", body);
  mkdirSync(process.env.FOLDER, { recursive: true });
  return await onRanks<{ message: string; code: number; weight: number[] }>(2, bodies, body);
}

test("a number that is not finite on one rank ends all with 5, named, and no parameter has moved since", async () => {
  const found = await endOf("notFinite");
  expect(found[1]).toEqual(found[0]);
  expect(found[0]!.code).toBe(5);
  expect(found[0]!.message).toContain("loss is NaN on rank 1 at step 3, first in the input");
  expect(found[0]!.weight.every(Number.isFinite)).toBe(true);
});

test("a weight that has become another one on a rank is named within 100 steps, and ends all with 70", async () => {
  const found = await endOf("moved");
  for (const { code, message } of found) {
    expect(code).toBe(70);
    expect(message).toContain('"weight" on rank 1 is not that of rank 0 after 200 steps');
  }
  expect(found[1]!.weight).not.toEqual(found[0]!.weight);
});

test("a weight that is another one from the start ends all with 2 before the first step", async () => {
  for (const { code, message } of await endOf("other"))
    expect([code, message]).toEqual([
      2,
      expect.stringContaining('"weight" on rank 1 is not that of rank 0 at'),
    ]);
});

test("a rank with another recipe, or another number of processes, is named, and all end with 2", async () => {
  const flags = (rank: number) => (rank === 1 ? ["--lr", "0.02"] : []);
  const other = await endsOf(start("other", { flags }));
  expect(other.map(({ code }) => code)).toEqual([2, 2]);
  for (const { stderr } of other) expect(stderr).toContain("rank 1 differs from rank 0 in train.lr");

  const sizes = await start("sizes", { environment: (rank) => (rank === 1 ? { WORLD_SIZE: "3" } : {}) });
  const bad = await Promise.race(sizes.map(({ ended }) => ended));
  for (const { child } of sizes) child.kill("SIGKILL");
  await Promise.all(sizes.map(({ ended }) => ended));
  expect([bad.code, bad.stderr]).toEqual([
    2,
    expect.stringMatching(/is one of \d processes, another rank is one of \d/),
  ]);
});

test("a rank of another version of vitrine or of libtorch is named, and all end with 2", async () => {
  const told = (what: string) => [2, `rank 1 differs from rank 0 in ${what}; start all processes alike`];
  for (const found of await onRanks(3, bodies, "versions"))
    expect(found).toEqual([told("vitrine"), told("libtorch")]);
});

test("a method that is not the same on several processes is refused by name", async () => {
  const recipe = join(folder, "vae.json");
  writeFileSync(
    recipe,
    JSON.stringify({
      name: "vae",
      model: { name: "vae", width: 8, features: 16 },
      method: { name: "generative" },
      data: { name: "synthetic" },
      train: { steps: 2, batchSize: 8, lr: 1e-3 },
    }),
  );
  const world = { RANK: "0", WORLD_SIZE: "2", MASTER_ADDR: "127.0.0.1", MASTER_PORT: "1" };
  const { code, stderr } = await launch(["train", recipe, "--output", folder], world).ended;
  expect(code).toBe(2);
  expect(stderr).toContain("method.name: generative trains in one process, got WORLD_SIZE 2");
});
