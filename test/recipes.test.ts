/** @file Every recipe that is shipped takes two steps, with its own model, evaluates and saves. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { imageSource, openSource, subset, syntheticSet } from "../src/data/index.ts";
import { inspectRun } from "../src/inspect/view-run.ts";
import type { Splits } from "../src/method/build.ts";
import { evaluateRun } from "../src/method/evaluate-run.ts";
import { isOf, type MethodName, type Recipe, type RecipeOf, resolveRecipe } from "../src/method/recipe.ts";
import { trainOn } from "../src/method/supervised/run.ts";
import { trainRun } from "../src/method/train-run.ts";
import { parameterCount } from "../src/model/index.ts";
import { findRecipe, recipeNames, recipesFolder } from "../src/recipe/recipes.ts";
import { doctor } from "../src/tensor/doctor.ts";
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
  "crate-gpt-paper": 60_699_648,
  "gpt2-paper": 124_475_904,
  "crate-lm-paper": 81_934_848,
  "tost-gpt-paper": 110_384_016,
  "imagenet-crate-tiny": 6_090_856,
  "imagenet-crate-small": 13_116_328,
  "imagenet-crate-base": 22_796_008,
  "imagenet-crate-large": 77_641_192,
};

/** Without instructions for bf16 a step of CRATE-L takes two minutes in it. */
const precision = doctor().lines.some(
  ({ name, value }) => name === "bfloat16" && value.startsWith("in hardware"),
)
  ? {}
  : { precision: "fp32" };

function resolve(name: string): Recipe {
  const { recipe } = resolveRecipe([findRecipe(name)]);
  if (!isOf(recipe, "supervised")) return recipe;
  const values = { train: { batchSize: 2, device: "cpu", threads: 1, logInterval: 1, ...precision } };
  return resolveRecipe([findRecipe(name), { origin: "test", values }]).recipe;
}

/** A step of CRATE-L in bf16 takes libtorch 1 more than ten seconds: a quarter of its layers there. */
function shortened(recipe: RecipeOf<"supervised">): RecipeOf<"supervised"> {
  const long = recipe.model.name === "crate_large" && native().versions().torch.startsWith("1.");
  return long ? { ...recipe, model: { ...recipe.model, depth: 6 } } : recipe;
}

async function splitsOf({ data, model }: RecipeOf<"supervised">): Promise<Splits> {
  if (data.name === "digits")
    return {
      train: await openSource("digits", { split: "train" }),
      test: await fewDigits(),
      measured: "test",
    };
  const shape = { ...SHAPES[data.name]!, size: model.imageSize };
  const make = (split: "train" | "test", count: number) =>
    imageSource({ ...syntheticSet({ split, count, ...shape }), name: data.name });
  return { train: make("train", 6), test: make("test", 3), measured: "test" };
}

async function fewDigits() {
  const { readDigits } = await import("../src/data/sets/digits.ts");
  return imageSource(subset(await readDigits("test"), [0, 1, 2]));
}

const recipes = recipeNames().map(resolve);

describe.each(["cifar10", "fashion"])("table-%s: six models by equal budgets", (set) => {
  const own = recipes.filter(({ name }) => name.startsWith(`table-${set}-`)) as RecipeOf<"supervised">[];

  test("as many parameters, up to 5 %, and as many as each file says", () => {
    expect(own.length).toBe(6);
    const channels = set === "cifar10" ? 3 : 1;
    const counts = own.map(({ name: file, model: { name, ...sizes } }) => {
      const parameters = parameterCount(name, { ...sizes, channels, classes: 10 });
      const first = readFileSync(join(recipesFolder, `${file}.yaml`), "utf8").split("\n")[0];
      expect(first).toContain(`# ${parameters.toLocaleString("en-US")} parameters.`);
      return parameters;
    });
    expect(Math.max(...counts) / Math.min(...counts)).toBeLessThanOrEqual(1.05);
  });

  test("the same data, changes of images, split and schedule", () => {
    const rest = own.map(({ name: _, about: __, model: { imageSize }, ...rest }) =>
      JSON.stringify({ imageSize, ...rest }),
    );
    expect(new Set(rest).size).toBe(1);
    expect(own[0]!.data).toMatchObject({ validation: 0.1, augment: { crop: 4, flip: true } });
  });

  test("transformers have the same tokens and as many layers", () => {
    const transformers = own.filter(({ model: { name } }) => name !== "resnet");
    const tokens = transformers.map(({ model }) => {
      const { patch, depth } = model;
      const stem = "stem" in model ? model.stem : "convolutions"; // ToST has no other
      return JSON.stringify({ patch, depth, stem });
    });
    expect([transformers.length, new Set(tokens).size]).toEqual([5, 1]);
  });
});

test("recipes for laptops choose nothing by test data: those that are evaluated more than once hold out", () => {
  // a VAE or a GAN has no score, and features that CPP clusters are given
  const scores = ({ method: { name } }: Recipe) => name !== "generative" && name !== "cpp";
  const isOften = ({ train }: Recipe) => {
    const { steps, epochs = 0, evalEvery } = train as { steps?: number; epochs?: number; evalEvery?: number };
    return evalEvery !== undefined && (steps ?? epochs) > evalEvery;
  };
  const choosing = recipes.filter(
    (recipe) => !/paper|imagenet/.test(recipe.name) && scores(recipe) && isOften(recipe),
  );
  expect(choosing.length).toBeGreaterThan(25);
  expect(choosing.filter(({ data }) => !("validation" in data)).map(({ name }) => name)).toEqual([]);
});

describe.each(
  recipes.filter((recipe) => isOf(recipe, "supervised")).map((recipe) => [recipe.name, recipe] as const),
)("%s", (name, recipe) => {
  test("has the model it says", () => {
    if (COUNTS[name] === undefined) return;
    const { name: model, ...sizes } = recipe.model;
    expect(parameterCount(model, { ...sizes, classes: 1000 })).toBe(COUNTS[name]);
  });

  test("takes two steps, evaluates and saves", async () => {
    const splits = await splitsOf(recipe);
    const folder = mkdtempSync(join(root, "run-"));
    const { steps, numbers } = await trainOn(splits, shortened(recipe), {
      ...quietly(folder, { maxSteps: 2 }),
      device: "cpu",
    });
    expect([steps, Number.isFinite(numbers.loss)]).toEqual([2, true]);
    const losses = records(folder).flatMap((line) => (line["train/loss"] as number | undefined) ?? []);
    expect(losses.map(Number.isFinite)).toEqual([true, true]);
    expect(readdirSync(join(folder, "checkpoints")).sort()).toEqual(["best", "last", "step-00000002"]);
    rmSync(folder, { recursive: true });
  });
});

/**
 * Generated images in place of those of data sets; digits where samples are pixels, of which generated ones have more; a
 * short text for texts.
 */
function generated({ data, model, method }: Recipe): Record<string, unknown> {
  if (method.name === "language") {
    const text = join(root, "text.txt");
    writeFileSync(text, "a few words of a text\n".repeat(20));
    return { name: `text:${text}`, tokenizer: "bytes", file: null };
  }
  if (!(data.name in SHAPES) && data.name !== "digits") return {};
  return { name: model.name === "redunet" ? "digits" : "synthetic" };
}

const modelName = ({ model }: Recipe): string => (model as { name: string }).name;
/** Of a ViT-MAE. */
const DECODER = { decoderDim: 16, decoderDepth: 1, decoderHeads: 2 };

/** Smaller nets, batches and sets than the recipe's: what it asks for is the same. */
const SMALL: Partial<Record<MethodName, Record<string, unknown>>> = {
  mcr2: {
    model: { name: "resnet10mnist", features: 16 },
    train: { batchSize: 40, epochs: 1 },
    method: { views: 10, components: 3 },
  },
  redunet: { model: { layers: 2 }, data: { perClass: 2, testPerClass: 1 }, method: { shifts: 1 } },
  mae: {
    model: { dim: 16, depth: 1, heads: 2, imageSize: 32 },
    train: { batchSize: 40, epochs: 1, warmupEpochs: 0 },
  },
  dino: {
    model: {
      ...{ name: "crate", dim: 16, depth: 1, heads: 2, patch: 4, imageSize: 32 },
      ...{ hidden: 16, bottleneck: 8, prototypes: 24 },
    },
    method: { localCrops: 1, localSize: 16 },
    train: { batchSize: 40, epochs: 1, warmupEpochs: 0 },
  },
  probe: { train: { batchSize: 40, epochs: 1, warmupEpochs: 0 } },
  ctrl: { model: { width: 16, features: 16 }, train: { batchSize: 60, steps: 2 }, method: { components: 3 } },
  incremental: {
    train: { batchSize: 200, epochs: 1 },
    method: { memory: 20 },
  },
  generative: {
    model: { width: 16, features: 16 },
    train: { batchSize: 40, steps: 2 },
    method: { components: 3 },
  },
  tcr: {
    model: { name: "ctrl_cifar", width: 8, features: 16, hidden: null },
    train: { batchSize: 40, epochs: 1 },
    method: { components: 3 },
  },
  cpp: {
    model: { hidden: 32, features: 16 },
    data: { name: "manifolds", classes: 3, perClass: 40, dim: 16 },
    train: { batchSize: 60, epochs: 2 },
    method: { clusters: 3, warmup: 0, points: 60, repeats: 1, counts: [2, 3] },
  },
  ictrl: {
    model: { width: 8, features: 16 },
    train: { firstSteps: 2, firstBatchSize: 60, batchSize: 60, epochs: 1 },
    method: { directions: 2, samples: 3, nearest: 5, components: 3 },
  },
  language: {
    model: { dim: 16, depth: 1, heads: 2, context: 16, vocabulary: null },
    train: { steps: 2, warmup: 1, batchSize: 2, accumulate: 2 },
  },
};

/** The nets of incremental have settings of their own. */
const SMALL_NETS: Record<string, object> = { classifier: { width: 8, features: 16 }, redunet: { layers: 2 } };

describe.each(
  recipes.filter((recipe) => !isOf(recipe, "supervised")).map((recipe) => [recipe.name, recipe] as const),
)("%s", (name, recipe) => {
  test("has the model it says", () => {
    if (COUNTS[name] === undefined || !isOf(recipe, "language")) return;
    const { name: model, vocabulary, ...sizes } = recipe.model;
    expect(parameterCount(model, { ...sizes, vocabulary: vocabulary! })).toBe(COUNTS[name]);
  });

  test("takes two steps, evaluates, saves and is looked into", async () => {
    const values = {
      data: generated(recipe),
      train: { threads: 1, ...("logInterval" in recipe.train && { logInterval: 1 }) },
    };
    const layers = [
      SMALL[recipe.method.name] ?? {},
      values,
      ...("lift" in recipe.model ? [{ model: { lift: 6 } }] : []),
      ...(recipe.method.name === "incremental" ? [{ model: SMALL_NETS[modelName(recipe)] }] : []),
      ...(/^vit_mae/.test(modelName(recipe)) ? [{ model: DECODER }] : []),
    ].map((values) => ({ origin: "test", values }));
    const small = resolveRecipe([findRecipe(name), ...layers]).recipe;
    const folder = mkdtempSync(join(root, "run-"));
    const { steps } = await trainRun(small, quietly(folder, { maxSteps: 2 }));
    expect(steps).toBe(2);
    expect(readdirSync(join(folder, "checkpoints"))).toContain("last");
    const { numbers, text } = await evaluateRun(folder, { checkpoint: "last", split: "test" });
    expect(Object.values(numbers).every(Number.isFinite)).toBe(true);
    expect(text).not.toBe("");
    const looking = inspectRun(folder, { checkpoint: "last", split: "test", samples: 60 });
    const found = await looking;
    expect(found.figures.filter((path) => !existsSync(path))).toEqual([]);
    expect(found.table).not.toMatch(/NaN|undefined/);
    rmSync(folder, { recursive: true });
  });
});
