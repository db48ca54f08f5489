import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { lastCheckpoint } from "../../../test/tiny.ts";
import { syntheticSet } from "../../data/index.ts";
import { loadCheckpoint } from "../../train/checkpoint.ts";
import { runSteps } from "../../train/loop.ts";
import { IncrementalReduNetLearner } from "./redunet-learner.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "vitrine grams-"));
});
afterEach(() => rmSync(root, { recursive: true }));

const images = { size: 4, channels: 1, classes: 12, count: 240 } as const;
const sets = {
  train: syntheticSet({ split: "train", ...images }),
  test: syntheticSet({ split: "test", ...images }),
};

async function learn(name: string, maxSteps?: number, resume?: "last") {
  const folder = join(root, name);
  using learner = new IncrementalReduNetLearner({
    ...{ ...sets, tasks: 3, layers: 4, epsilon: Math.sqrt(0.1), eta: 0.5, sharpness: 100 },
  });
  const kept = { folder, config: {}, keep: 2, logInterval: 1, progress: "none", tensorboard: false } as const;
  const from = resume && { resume: loadCheckpoint(join(folder, "checkpoints"), resume) };
  const outcome = await runSteps(learner, { ...kept, maxSteps, ...from });
  return { ...outcome, ...learner.progression };
}

test("stopped within a group, at its end and at the start of the next, it ends as one that never stopped", async () => {
  for (const name of ["through", "stopped"]) mkdirSync(join(root, name));
  const whole = await learn("through");
  expect(whole.steps).toBe(12);
  expect(whole.matrix.map((row) => row.length)).toEqual([1, 2, 3]);
  await learn("stopped", 2);
  for (const steps of [4, 5, 11]) expect(await learn("stopped", steps, "last")).toMatchObject({ steps });
  const resumed = await learn("stopped", undefined, "last");
  expect(resumed.matrix).toEqual(whole.matrix);
  expect(resumed.milestone).toEqual(whole.milestone);
  expect(lastCheckpoint(join(root, "stopped")).hashes).toEqual(lastCheckpoint(join(root, "through")).hashes);
});
