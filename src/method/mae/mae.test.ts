import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { copyParts } from "../../../test/parts.ts";
import { quietly, records } from "../../../test/tiny.ts";
import { imageSource, syntheticSet } from "../../data/index.ts";
import { createModel } from "../../model/index.ts";
import { noGrad, random, scope, type Tensor } from "../../tensor/index.ts";
import { evaluateRun } from "../evaluate-run.ts";
import { isOf, resolveRecipe } from "../recipe.ts";
import type { RecipeOf } from "../registry.ts";
import { trainRun } from "../train-run.ts";
import { maskedErrors } from "./errors.ts";
import { inspectMae } from "./inspect.ts";
import { MaeLearner, type MaeLearnerOptions } from "./learner.ts";
import { drawReconstruction } from "./pictures.ts";

const root = mkdtempSync(join(tmpdir(), "vitrine mae-"));
afterAll(() => rmSync(root, { recursive: true }));

const shape = { size: 8, channels: 1, classes: 3 };
const set = imageSource(syntheticSet({ split: "train", count: 24, ...shape }));
const normalise = { mean: [0.5], std: [0.25] };
const sizes = { imageSize: 8, patch: 2, channels: 1, dim: 16, depth: 1, heads: 2 };

function learn(body: (learner: MaeLearner) => void | Promise<void>, more: Partial<MaeLearnerOptions> = {}) {
  const mae = createModel("crate_mae", sizes, random(1));
  const learner = new MaeLearner(mae, {
    ...{ train: set, test: set, random: random(2), ratio: 0.75, normalisePixels: false },
    ...{ batch: { batchSize: 8, random: random(2), normalise }, device: "cpu", precision: "fp32" as const },
    ...{
      epochs: 20,
      lr: 0.01,
      warmupEpochs: 1,
      weightDecay: 0.05,
      betas: [0.9, 0.95],
      evalEvery: 20,
      ...more,
    },
  });
  return Promise.resolve(body(learner)).finally(() => {
    learner.dispose();
    mae.dispose();
  });
}

/** Steps `from` up to `to`; their losses. */
async function steps(learner: MaeLearner, from: number, to: number): Promise<number[]> {
  const losses: number[] = [];
  for await (const batch of learner.batches(from)) {
    losses.push(scope(() => learner.step(batch, from + losses.length)["train/loss"] as number));
    if (from + losses.length === to) return losses;
  }
  return losses;
}

const copyOf = (tensors: ReadonlyMap<string, Tensor>) =>
  new Map([...tensors].map(([name, tensor]) => [name, noGrad(() => tensor.clone())]));
const distance = (a: ReadonlyMap<string, Tensor>, b: ReadonlyMap<string, Tensor>, name: string): number =>
  scope(() => a.get(name)!.detach().sub(b.get(name)!.detach()).abs().max().item());

test("what it learns predicts hidden patches better than their visible neighbours' mean", () =>
  learn(async (learner) => {
    const before = await learner.evaluate();
    await steps(learner, 0, learner.steps);
    const after = await learner.evaluate();
    const { "eval/masked": masked, "eval/meanFill": fill } = after!.numbers as Record<string, number>;
    expect(masked).toBeLessThan(before!.numbers["eval/masked"]! / 2);
    expect(masked).toBeLessThan(0.9 * fill!);
    expect(after!.score).toBe(-masked!);
    expect(after!.text).toContain(`masked error ${masked!.toFixed(4)}`);
  }));

test("going on from a snapshot is never having stopped", async () => {
  let whole: number[] = [];
  await learn(async (learner) => {
    whole = await steps(learner, 0, 5);
  });
  await learn(async (first) => {
    await steps(first, 0, 2);
    using saved = copyParts(first.parts);
    await learn(async (second) => {
      saved.into(second.parts);
      expect(await steps(second, 2, 5)).toEqual(whole.slice(2));
    });
  });
});

test("gradients of parts of a batch are those of the batch", () =>
  learn((whole) =>
    learn(
      async (parts) => {
        const [a, b] = [await steps(whole, 0, 3), await steps(parts, 0, 3)];
        a.forEach((loss, i) => {
          expect(loss).toBeCloseTo(b[i]!, 5);
        });
      },
      { microBatch: 3 },
    ),
  ));

test("weights are decayed, biases and norms are not", async () => {
  const after = async (weightDecay: number) => {
    let kept = new Map<string, Tensor>();
    await learn(
      async (learner) => {
        await steps(learner, 0, 2);
        kept = copyOf(learner.mae.namedParameters());
      },
      { weightDecay, warmupEpochs: 0 },
    );
    return kept;
  };
  const [none, much] = [await after(0), await after(1)];
  // after one update both have seen equal gradients: the first moves by the sign alone
  expect(distance(none, much, "blocks.0.layers.0.1.fn.weight")).toBeGreaterThan(1e-3);
  expect(distance(none, much, "decoder_pred.bias")).toBeLessThan(1e-3);
  for (const tensor of [...none.values(), ...much.values()]) tensor.dispose();
});

test("errors on equal masks are equal, whatever the batch", async () => {
  using mae = createModel(
    "vit_mae",
    { ...sizes, decoderDim: 8, decoderDepth: 1, decoderHeads: 2 },
    random(1),
  );
  const options = { batchSize: 5, normalise };
  const masks = { ratio: 0.5, normalisePixels: true };
  const first = await maskedErrors(mae, set, options, masks, random(3));
  expect(await maskedErrors(mae, set, { ...options, batchSize: 9 }, masks, random(3))).toEqual(first);
  // normalised patches have mean 0 and variance 15/16 of the unbiased one: filling them with a mean gains nothing
  expect(first.meanFill).toBeGreaterThan(0.5);
  expect(first.meanFill).toBeLessThan(1.2);
});

const values = {
  name: "tiny-mae",
  model: { name: "crate_mae", dim: 16, depth: 2, heads: 2, patch: 2, imageSize: 8 },
  data: { name: "synthetic" },
  method: { name: "mae", pool: "mean" },
  train: { epochs: 1, batchSize: 64, lr: 0.01, threads: 1, device: "cpu", logInterval: 1 },
};
const recipeWith = (more: object = {}): RecipeOf<"mae"> => {
  const { recipe } = resolveRecipe([
    { origin: "test", values },
    { origin: "more", values: more },
  ]);
  if (!isOf(recipe, "mae")) throw new Error(recipe.method.name);
  return recipe;
};

test("a run trains, scores its features beside untrained ones and pixels, is looked into and drawn", async () => {
  const folder = join(root, "run");
  await trainRun(recipeWith(), quietly(folder));
  expect(records(folder).some((record) => "eval/masked" in record)).toBe(true);
  const { numbers, text } = await evaluateRun(folder, { checkpoint: "best", split: "test" });
  for (const who of ["encoder", "untrained", "pixels"])
    for (const how of ["knn", "leastSquares", "lars"]) {
      const percent = numbers[`${who}/${how}`]!;
      expect(percent).toBeGreaterThan(10);
      expect(percent).toBeLessThanOrEqual(100);
    }
  expect(text).toMatch(/masked error .* of the mean fill's/);
  expect(text).toMatch(/untrained encoder: 20 nearest neighbours .* %; linear probes: least squares/);

  const { report, table, figures } = await inspectMae(folder, {
    ...{ checkpoint: "best", samples: 8, split: "test" as const },
  });
  const [encoder, decoder] = report.layers!;
  expect([encoder!.name, decoder!.name]).toEqual(["encoder", "decoder"]);
  expect(encoder!.after[0]!.nonZero!.mean).toBeLessThan(0.9);
  expect(decoder!.after[0]!.nonZero!.mean).toBeGreaterThan(0.99);
  for (const { authorsRate } of [...encoder!.after, ...decoder!.after])
    expect(authorsRate!.mean).toBeGreaterThan(0);
  expect(report.rows.map((row) => row["decoder layer"])).toEqual([1, 2]);
  expect(table).toContain("CKA");
  expect(figures.map((path) => path.split("/").at(-1))).toEqual(
    expect.arrayContaining(["inversion.svg", "layer-rate.svg", "non-zeros.svg"]),
  );

  const options = { checkpoint: "best", split: "test" as const, count: 6, output: root };
  const path = await drawReconstruction(folder, options);
  const png = readFileSync(path);
  expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([4 * (3 * 16 + 4) + 30, 2 * 16 + 2]);
  await drawReconstruction(folder, { ...options, mask: "1000 0000 0000 0001" });
  await expect(drawReconstruction(folder, { ...options, mask: "10 01" })).rejects.toThrow(
    "--mask: expected 4 rows of 4",
  );
});

test("rules between the settings of a recipe are told by key", () => {
  const message = (more: object) => {
    try {
      recipeWith(more);
    } catch (error) {
      return (error as Error).message;
    }
    return "accepted";
  };
  expect(message({ method: { maskRatio: 1 } })).toContain("a number above 0 and below 1, received 1");
  expect(message({ method: { maskRatio: 0.99 } })).toContain("keeps 0 of 16 patches");
  expect(message({ model: { patch: 16 } })).toContain("16 is more than model.imageSize 8: no patch fits");
  expect(message({ model: { patch: 3 } })).toContain("3 does not divide model.imageSize 8");
  expect(message({ model: { dim: null } })).toContain("expected for model crate_mae");
  expect(message({ model: { name: "vit_mae" } })).toContain("model.decoderDim: expected for model vit_mae");
  expect(message({ train: { warmupEpochs: 2 } })).toContain("2 is more than train.epochs 1");
});
