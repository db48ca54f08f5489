/** @file Every recipe that is shipped takes two steps, with its own model, evaluates and saves. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { imageSource, openSource, subset, syntheticSet } from "../src/data/index.ts";
import type { Splits } from "../src/method/build.ts";
import { type Recipe, resolveRecipe } from "../src/method/recipe.ts";
import { findRecipe, recipeNames } from "../src/method/recipes.ts";
import { trainOn } from "../src/method/train-run.ts";
import { parameterCount } from "../src/model/index.ts";
import { native } from "../src/tensor/index.ts";
import { quietly, records } from "./tiny.ts";

const root = mkdtempSync(join(tmpdir(), "vitrine recipes-"));
afterAll(() => rmSync(root, { recursive: true }));

/** What each recipe's data has; the images themselves are generated, but for the digits. */
const SHAPES: Record<string, { classes: number; channels: number }> = {
  mnist: { classes: 10, channels: 1 },
  "fashion-mnist": { classes: 10, channels: 1 },
  cifar10: { classes: 10, channels: 3 },
  "folder:imagenet-1k": { classes: 1000, channels: 3 },
};

/** Parameters of the paper's table, to the last one. */
const COUNTS: Record<string, number> = {
  "imagenet-crate-tiny": 6_090_856,
  "imagenet-crate-small": 13_116_328,
  "imagenet-crate-base": 22_796_008,
  "imagenet-crate-large": 77_641_192,
};

function resolve(name: string): Recipe {
  const values = { train: { batchSize: 2, device: "cpu", threads: 1, logInterval: 1 } };
  return resolveRecipe([findRecipe(name), { origin: "test", values }]).recipe;
}

/** A step of CRATE-L in bf16 takes libtorch 1 more than ten seconds: a quarter of its layers there. */
function shortened(recipe: Recipe): Recipe {
  const long = recipe.model.name === "crate_large" && native().versions().torch.startsWith("1.");
  return long ? { ...recipe, model: { ...recipe.model, depth: 6 } } : recipe;
}

async function splitsOf({ data, model }: Recipe): Promise<Splits> {
  if (data.name === "digits")
    return { train: await openSource("digits", { split: "train" }), test: await fewDigits() };
  const shape = { ...SHAPES[data.name]!, size: model.imageSize };
  const make = (split: "train" | "test", count: number) =>
    imageSource({ ...syntheticSet({ split, count, ...shape }), name: data.name });
  return { train: make("train", 6), test: make("test", 3) };
}

async function fewDigits() {
  const { readDigits } = await import("../src/data/digits.ts");
  return imageSource(subset(await readDigits("test"), [0, 1, 2]));
}

describe.each(recipeNames())("%s", (name) => {
  const recipe = resolve(name);

  test("names itself, and the model it says", async () => {
    expect(recipe.name).toBe(name);
    if (COUNTS[name] === undefined) return;
    const { name: model, ...sizes } = recipe.model;
    expect(parameterCount(model, { ...sizes, classes: 1000 })).toBe(COUNTS[name]);
  });

  test("takes two steps, evaluates and saves", async () => {
    const splits = await splitsOf(recipe);
    const folder = mkdtempSync(join(root, "run-"));
    const { steps, loss } = await trainOn(splits, shortened(recipe), {
      ...quietly(folder, { maxSteps: 2 }),
      device: "cpu",
    });
    expect([steps, Number.isFinite(loss)]).toEqual([2, true]);
    const losses = records(folder).flatMap((line) => (line["train/loss"] as number | undefined) ?? []);
    expect(losses.map(Number.isFinite)).toEqual([true, true]);
    expect(readdirSync(join(folder, "checkpoints")).sort()).toEqual(["best", "last", "step-00000002"]);
    rmSync(folder, { recursive: true });
  });
});
