import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ImageSet, openDataset, subset } from "../../data/index.ts";
import { createModel } from "../../model/index.ts";
import { random, scope, type Tensor } from "../../tensor/index.ts";
import { loadCheckpoint } from "../../train/checkpoint.ts";
import { runSteps } from "../../train/loop.ts";
import { readMetrics } from "../../train/metrics.ts";
import { CtrlLearner, type CtrlLearnerOptions } from "./learner.ts";
import { Players } from "./players.ts";
import { checkCtrlOptions, ctrlStep, decayedRate, decoderStep, encoderStep } from "./step.ts";

const BETAS = [0.5, 0.999] as const;
const MULTI = { objective: "multi", classes: 10, inner: 1, epsilon: Math.SQRT1_2 } as const;
let digits: ImageSet;
let folder: string;

beforeAll(async () => {
  digits = subset(
    await openDataset("digits", { split: "train" }),
    Array.from({ length: 500 }, (_, i) => i),
  );
  folder = mkdtempSync(join(tmpdir(), "vitrine-ctrl-"));
  for (const run of ["a", "b"]) mkdirSync(join(folder, run));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const players = (seed = 0): Players =>
  new Players(createModel("ctrl_mnist", { channels: 1, features: 16, width: 8 }, random(seed)), BETAS);

const settings = (steps: number): CtrlLearnerOptions => ({
  ...MULTI,
  ...{ train: digits, test: digits, random: random(7), steps, batchSize: 120, lr: 1e-3, imageSize: 32 },
});

/** The first batch, once: what a body sees is freed after it. */
async function withBatch(body: (batch: { images: Tensor; labels: Tensor }) => void): Promise<void> {
  using nets = players();
  for await (const batch of new CtrlLearner(nets, settings(1)).batches(0)) {
    scope(() => body(batch));
    break;
  }
}

test("the objective rises by the encoder's step and falls by the decoder's, each on the same batch", async () => {
  await withBatch((batch) => {
    using both = players(1);
    const still = 1e-12; // a step that only measures
    for (let i = 0; i < 3; i++) {
      const before = encoderStep(both, batch, MULTI, 1e-4);
      const risen = encoderStep(both, batch, MULTI, still);
      expect(risen).toBeGreaterThan(before);
      const between = decoderStep(both, batch, MULTI, 1e-4);
      expect(decoderStep(both, batch, MULTI, still)).toBeLessThan(between);
    }
  });
});

test("each player's step moves its own parameters only", async () => {
  await withBatch((batch) => {
    using both = players(2);
    const { encoder, decoder } = both.nets;
    const copies = (net: typeof encoder) => net.parameters().map((p) => p.detach().clone());
    const moved = (net: typeof encoder, before: Tensor[]) =>
      net.parameters().some((p, i) => p.detach().sub(before[i]!).abs().max().item() > 0);
    const [f, g] = [copies(encoder), copies(decoder)];
    encoderStep(both, batch, MULTI, 1e-3);
    expect([moved(encoder, f), moved(decoder, g)]).toEqual([true, false]);
    const after = copies(encoder);
    decoderStep(both, batch, MULTI, 1e-3);
    expect([moved(encoder, after), moved(decoder, g)]).toEqual([false, true]);
  });
});

test("with features first, all encoder steps but the last ascend ΔR(Z) alone", async () => {
  await withBatch((batch) => {
    using both = players(3);
    const options = { ...MULTI, objective: "features-first", inner: 2 } as const;
    const alone = encoderStep(both, batch, options, 1e-12, 0);
    const whole = encoderStep(both, batch, options, 1e-12, 1);
    expect(whole).toBeGreaterThan(alone);
    expect(whole).toBeCloseTo(encoderStep(both, batch, MULTI, 1e-12), 4);
    const { encoder, decoder } = ctrlStep(both, batch, options, 1e-3);
    expect(Number.isFinite(encoder) && Number.isFinite(decoder)).toBe(true);
  });
  expect(() => checkCtrlOptions({ ...MULTI, objective: "features-first" })).toThrow("at least 2");
});

test("the rate of the first two steps is the full one, then it falls to lr / total", () => {
  expect([0, 1, 2, 10].map((step) => decayedRate(1, step, 10))).toEqual([1, 1, 0.9, 0.09999999999999998]);
});

test("a few steps on digits: finite, logged, evaluated; a resumed run ends as one that never stopped", async () => {
  const options = { config: {}, keep: 2, logInterval: 1, progress: "none", tensorboard: false } as const;
  const end = (both: Players) =>
    [...both.nets.encoder.stateDict().values()].map((tensor) => tensor.numbers());
  using straight = players(4);
  const whole = await runSteps(new CtrlLearner(straight, settings(6)), {
    ...options,
    folder: join(folder, "a"),
  });
  expect(whole.milestone!.numbers["eval/svd"]).toBeGreaterThan(15); // ten classes
  const records = readMetrics(join(folder, "a", "metrics.jsonl"));
  expect(records).toHaveLength(8); // six steps, the evaluation, the row of summary.csv
  for (const record of records.slice(0, 6)) expect(record["train/encoderObjective"]).toBeGreaterThan(0);

  const place = { ...options, folder: join(folder, "b") };
  using first = players(4);
  await runSteps(new CtrlLearner(first, settings(6)), { ...place, maxSteps: 2 }); // five batches are an epoch
  using second = players(5);
  const resume = loadCheckpoint(join(place.folder, "checkpoints"), "last");
  await runSteps(new CtrlLearner(second, settings(6)), { ...place, resume });
  expect(end(second)).toEqual(end(straight));
});
