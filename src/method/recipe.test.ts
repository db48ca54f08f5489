import fc from "fast-check";
import { expect, test } from "vitest";
import { UsageError } from "../base/errors.ts";
import { findRecipe } from "../recipe/recipes.ts";
import { type Layer, resolveRecipe, treeOf } from "./recipe.ts";
import { parseText, recipeKeys } from "./recipe-keys.ts";

const base: Layer = {
  origin: "base.yaml",
  values: {
    name: "base",
    model: { name: "crate", dim: 64, depth: 2, heads: 4, patch: 4, imageSize: 28 },
    data: { name: "digits" },
    train: { epochs: 4, batchSize: 32, lr: 1e-3 },
  },
};

const flag = (path: string, value: unknown, origin = `--${path}`): Layer => ({
  origin,
  values: treeOf(path, value),
});

function messageOf(...layers: Layer[]): string {
  try {
    resolveRecipe([base, ...layers]);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return error.message;
  }
  throw new Error("the recipe was accepted");
}

test("defaults fill what the layers leave out", () => {
  const { recipe } = resolveRecipe([base]);
  expect(recipe.model).toMatchObject({ eta: 0.1, lambda: 0.1, pool: "cls", sign: 1, sparsify: "ista" });
  expect(recipe.method).toEqual({ name: "supervised", smoothing: 0.1, orthogonal: 0 });
  expect(recipe.data).toMatchObject({ augment: {} });
  expect(recipe.seed).toBe(42);
});

test("a later layer wins, and every value knows who set it", () => {
  const { recipe, origins } = resolveRecipe([
    base,
    { origin: "more.yaml", values: { train: { epochs: 5, lr: 0.1 } } },
    flag("train.epochs", 6, "VITRINE_TRAIN__EPOCHS"),
    flag("train.epochs", 7, "--epochs"),
  ]);
  expect(recipe.train).toMatchObject({ epochs: 7, lr: 0.1, batchSize: 32 });
  expect(origins.get("train.epochs")).toEqual({ value: 7, origin: "--epochs" });
  expect(origins.get("train.lr")).toEqual({ value: 0.1, origin: "more.yaml" });
  expect(origins.get("train.batchSize")).toEqual({ value: 32, origin: "base.yaml" });
  expect(origins.get("train.keep")).toEqual({ value: 3, origin: "default" });
});

test("null takes an optional value away again", () => {
  const { recipe } = resolveRecipe([base, flag("train.clipGrad", 1), flag("train.clipGrad", null)]);
  expect("clipGrad" in recipe.train).toBe(false);
});

test("a wrong value names the flag, the key, what was expected and what was given", () => {
  expect(messageOf(flag("train.epochs", "three", "--epochs"))).toBe(
    '--epochs (train.epochs): expected a whole number from 1 up to 1e6, received "three"',
  );
  expect(messageOf(flag("train.betas", [0.9, 2]))).toBe(
    "--train.betas: expected two numbers from 0 below 1, received [0.9,2]",
  );
  expect(messageOf(flag("model.pool", "clss"))).toMatch(
    /one of cls, mean, received "clss" \(did you mean "cls"\?\)$/,
  );
  expect(messageOf(flag("train.lr", Number.NaN))).toMatch(
    /expected a number from 1e-12 up to 1e6, received NaN$/,
  );
  expect(messageOf(flag("train.device", "gpu"))).toMatch(
    /expected auto, cpu, cuda or cuda:N, received "gpu"$/,
  );
  expect(messageOf(flag("train", 3))).toMatch(/expected settings by name, received 3$/);
});

test("an unknown key offers the nearest one, in its own section or another", () => {
  expect(messageOf(flag("train.epocs", 3))).toBe('--train.epocs: unknown key (did you mean "train.epochs"?)');
  expect(messageOf(flag("train.smoothing", 0))).toMatch(/did you mean "method.smoothing"/);
  expect(messageOf(flag("tran.epochs", 3))).toMatch(
    /^--tran.epochs \(tran\): unknown key \(did you mean "train"/,
  );
  expect(messageOf(flag("zzzzzzzzzzzz", 3))).toMatch(/`vitrine config keys` lists them/);
});

test("a dotted name in a file is told to go into its section", () => {
  expect(messageOf({ origin: "a.yaml", values: { "train.epochs": 3 } })).toMatch(
    /unknown key; write it in its section: train: { epochs }$/,
  );
});

test("a mistyped key is told before the missing one it stands for", () => {
  const values = { ...(base.values as object), train: { epocs: 3, batchSize: 1, lr: 1 } };
  expect(() => resolveRecipe([{ origin: "a.yaml", values }])).toThrow(/epocs.*did you mean "train.epochs"/);
});

test("a missing key says how to give it", () => {
  expect(messageOf(flag("train.lr", null))).toMatch(
    /missing, expected a number from 1e-12 up to 1e6; .* give --train.lr/,
  );
  expect(() => resolveRecipe([])).toThrow(/^name: missing/);
});

test("values must fit one another", () => {
  expect(messageOf(flag("model.patch", 5))).toBe(
    "--model.patch: 5 does not divide model.imageSize 28; 2, 4, 7, 14 do",
  );
  expect(messageOf(flag("model.heads", 5))).toMatch(/5 does not divide model.dim 64/);
  expect(messageOf(flag("model.depth", null))).toMatch(/expected for model crate/);
  expect(messageOf(flag("train.warmupEpochs", 9))).toMatch(/9 is more than train.epochs 4/);
  expect(messageOf(flag("train.momentum", 0.9))).toMatch(/belongs to sgd/);
  expect(messageOf(flag("data.augment", { crop: 2, resizedCrop: [0.1, 1] }))).toMatch(/exclude each other/);
  expect(messageOf(flag("data.augment.resizedCrop", [1, 0.5]))).toMatch(/smaller share comes first/);
  expect(messageOf(flag("data.augment.mixup", 0.2), flag("train.batchSize", 1))).toMatch(/blends two images/);
  expect(messageOf(flag("model.name", "vit"), flag("model.headDim", 8))).toMatch(
    /belongs to aot, crate, crate_alpha, crate_mae; this recipe's model.name is vit/,
  );
  expect(() => resolveRecipe([base, flag("model.heads", 5), flag("model.headDim", 8)])).not.toThrow();
});

test("no settings can reach a prototype, wherever they stand", () => {
  Object.freeze(Object.prototype);
  for (const text of [
    '{"__proto__":{"x":1}}',
    '{"train":{"constructor":{"x":1}}}',
    '{"model":{"prototype":1}}',
  ]) {
    expect(messageOf({ origin: "evil.json", values: JSON.parse(text) })).toMatch(
      /^evil.json: a setting cannot be called/,
    );
  }
  expect(({} as Record<string, unknown>).x).toBeUndefined();
});

test("any settings end in a recipe or in one line", () => {
  const paths = recipeKeys().map((key) => key.path);
  fc.assert(
    fc.property(fc.constantFrom(...paths, "a", "train.x", "model"), fc.jsonValue(), (path, value) => {
      try {
        resolveRecipe([base, flag(path, value)]);
      } catch (error) {
        expect(error).toBeInstanceOf(UsageError);
        expect((error as Error).message).not.toMatch(/\n|undefined|\[object/);
      }
    }),
    { seed: 1, numRuns: 300 },
  );
});

test("every key describes itself, and its default survives being written as text", () => {
  for (const key of recipeKeys()) {
    expect(key.about, key.path).not.toBe("");
    expect(key.expected, key.path).not.toBe("");
    if (key.default !== undefined) expect(parseText(key, String(key.default)), key.path).toEqual(key.default);
  }
});

test("text is read as the key's type, and left alone when it is not of it", () => {
  const read = (path: string, text: string) =>
    parseText(recipeKeys().find((key) => key.path === path)!, text);
  expect(read("train.lr", "1e-3")).toBe(1e-3);
  expect(read("train.lr", "")).toBe("");
  expect(read("train.epochs", "3x")).toBe("3x");
  expect(read("train.betas", "0.9,0.99")).toEqual([0.9, 0.99]);
  expect(read("train.clipGrad", "none")).toBeNull();
  expect(read("train.epochs", "none")).toBe("none");
  expect(read("model.sign", "-1")).toBe(-1);
  expect(read("data.augment.flip", "true")).toBe(true);
  expect(read("data.augment.flip", "yes")).toBe("yes");
});

test("a model that replaces another one takes what is its family's alone away; what is set after it is refused", () => {
  const recipe = findRecipe("digits"); // a crate with headDim and lambda
  const model = (values: object) => ({ origin: "flag", values: { model: values } });
  const { recipe: found, left } = resolveRecipe([recipe, model({ name: "vit" })]);
  expect(found.model).toMatchObject({ name: "vit", dim: 64, depth: 4, heads: 4, patch: 4 });
  expect(left).toEqual(["model.headDim", "model.lambda"]);
  expect(resolveRecipe([recipe, model({ name: "crate_alpha" })]).left).toEqual([]);
  for (const layers of [
    [recipe, model({ name: "vit" }), model({ eta: 0.2 })],
    [recipe, model({ eta: 0.2 }), model({ name: "vit" })],
    [recipe, model({ name: "vit", eta: 0.2 })],
  ])
    expect(() => resolveRecipe(layers)).toThrow(/model\.eta\)?: belongs to crate, .*model\.name is vit/);
});

test("a 0 that is to mean none is told how to say so", () => {
  const of = (validation: unknown) =>
    resolveRecipe([findRecipe("digits"), { origin: "--data.validation", values: { data: { validation } } }]);
  expect(() => of(0)).toThrow("above 0 and below 1, received 0; none (null in a file) leaves it out");
  expect(() => of(2)).toThrow(/received 2$/);
  expect(of(null).recipe.data).not.toHaveProperty("validation");
});

test("a run of an earlier version, where every model had the settings of all, is read without those of others", () => {
  const { model, ...rest } = findRecipe("vit-digits").values as { model: object };
  const values = { ...rest, model: { ...model, eta: 0.1, lambda: 0.1, tiedOutput: false } };
  const { recipe, left } = resolveRecipe([{ origin: "recipe.json", values, ofRun: true }]);
  expect(recipe).toEqual(resolveRecipe([findRecipe("vit-digits")]).recipe);
  expect(left).toEqual([]);
  expect(() => resolveRecipe([{ origin: "recipe.json", values }])).toThrow(/belongs to crate/);
});
