import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { quietly, records } from "../../../test/tiny.ts";
import { randomBlocks } from "../../data/text/index.ts";
import { createModel, type Gpt } from "../../model/index.ts";
import { noGrad, type Random, random, scope, type Tensor, tensor } from "../../tensor/index.ts";
import { createOptimizer } from "../../train/optimizer.ts";
import { warmupCosine } from "../../train/schedule.ts";
import { evaluateRun } from "../evaluate-run.ts";
import { type RecipeOf, resolveRecipe } from "../recipe.ts";
import { trainRun } from "../train-run.ts";
import { evaluateText, unigramScores } from "./evaluate.ts";
import { generateText, generateTokens } from "./generate.ts";
import { inspectLanguage } from "./inspect.ts";
import { decays } from "./learner.ts";
import { hideTokens, NOT_ASKED, nextTokens } from "./objective.ts";

const root = mkdtempSync(join(tmpdir(), "vitrine language-"));
afterAll(() => rmSync(root, { recursive: true }));

const lines = ["the cat sat on the mat", "the dog ran to the door", "a bird sang in the tree"];
writeFileSync(join(root, "verse.txt"), `${lines.join("\n")}\n`.repeat(40));

function recipeOf(name: string, more: { model?: object; data?: object; train?: object } = {}) {
  const { recipe } = resolveRecipe([
    {
      origin: "test",
      values: {
        name: "verse",
        model: { name, dim: 24, depth: 2, heads: 2, context: 16, ...more.model },
        data: { name: "text:verse.txt", dir: root, ...more.data },
        method: { name: "language" },
        train: {
          ...{ steps: 30, batchSize: 8, lr: 1e-2, warmup: 1, logInterval: 1, threads: 1, device: "cpu" },
          ...more.train,
        },
      },
    },
  ]);
  return recipe as RecipeOf<"language">;
}

const folderOf = () => mkdtempSync(join(root, "run-"));
const losses = (folder: string) =>
  records(folder).flatMap((record) => (record["train/loss"] as number | undefined) ?? []);

test("hideTokens: of the tokens asked for 8 in 10 are hidden, 1 is replaced, 1 stays; the others are not asked", () =>
  scope(() => {
    const rows = tensor(
      BigInt64Array.from({ length: 40_000 }, () => 7n),
      { shape: [200, 200] },
    );
    const options = { share: 0.15, mask: 50, size: 51, random: random(3) };
    const { inputs, targets } = hideTokens(rows, options);
    const [seen, wanted] = [inputs.numbers(), targets.numbers()];
    const asked = wanted.flatMap((target, i) => (target === NOT_ASKED ? [] : [i]));
    expect(asked.length / 40_000).toBeCloseTo(0.15, 2);
    expect(new Set(asked.map((i) => wanted[i]))).toEqual(new Set([7]));
    const share = (test: (token: number) => boolean) =>
      asked.filter((i) => test(seen[i]!)).length / asked.length;
    expect(share((token) => token === 50)).toBeCloseTo(0.8, 1);
    expect(share((token) => token === 7)).toBeCloseTo(0.1, 1);
    const rest = seen.filter((_, i) => wanted[i] === NOT_ASKED);
    expect(rest.every((token) => token === 7)).toBe(true);
  }));

test("sequences of a share, and what hides in them, are those of the whole batch", () =>
  scope(() => {
    const tokens = Int32Array.from({ length: 300 }, (_, i) => i % 40);
    const hidden = (count: number, stream: Random) => {
      const rows = randomBlocks(tokens, count, 12, stream);
      const { inputs, targets } = hideTokens(rows, { share: 0.4, mask: 41, size: 40, random: stream });
      return [inputs.toArray(), targets.toArray()] as number[][][];
    };
    const whole = hidden(5, random(3));
    const part = hidden(2, random(3).of({ whole: 5, at: [3, 4] }));
    expect(part).toEqual(whole.map((rows) => rows.slice(3)));
  }));

test("nextTokens: each token is asked after those before it", () =>
  scope(() => {
    const rows = tensor(BigInt64Array.from([1n, 2n, 3n, 4n, 5n, 6n]), { shape: [2, 3] });
    const { inputs, targets } = nextTokens(rows);
    expect([inputs.toArray(), targets.toArray()]).toEqual([
      [
        [1, 2],
        [4, 5],
      ],
      [
        [2, 3],
        [5, 6],
      ],
    ]);
  }));

test("an untrained model is as good as guessing; bits and perplexity follow from nats", async () => {
  const tokens = Int32Array.from({ length: 600 }, (_, i) => (i * 7) % 11);
  const sizes = { dim: 12, depth: 1, heads: 2, context: 8, vocabulary: 11 };
  using model = createModel("gpt2", sizes, random(1)) as Gpt;
  const scores = await evaluateText(model, tokens, { context: 8 });
  expect(scores.count).toBe(592); // 74 blocks of 8 and what follows each
  expect(scores.loss).toBeCloseTo(Math.log(11), 1);
  expect(scores.bits).toBeCloseTo(scores.loss / Math.log(2), 10);
  expect(scores.perplexity).toBeCloseTo(Math.exp(scores.loss), 10);
  expect((await evaluateText(model, tokens, { context: 8, most: 3 })).count).toBe(24);
});

test("counting alone: the cross entropy of the counts, and the share of the commonest token", () => {
  const scores = unigramScores(Int32Array.from([0, 0, 0, 1]), Int32Array.from([0, 1, 0, 2]), 3);
  const expected = -(2 * Math.log(4 / 7) + Math.log(2 / 7) + Math.log(1 / 7)) / 4;
  expect(scores.unigramLoss).toBeCloseTo(expected, 12);
  expect(scores.unigramAccuracy).toBe(0.5);
});

test("warmupCosine: nanoGPT's values at its corners", () => {
  const factor = warmupCosine({ total: 110, warmup: 10, least: 0.1 });
  expect([0, 9, 10, 60, 110, 200].map(factor)).toEqual([1 / 11, 10 / 11, 1, 0.55, 0.1, 0.1]);
});

test("matrices decay; shifts, norms and ToST's additions do not", () => {
  using model = createModel("tost_gpt", { dim: 4, depth: 1, heads: 2, context: 3, vocabulary: 5 }, random(0));
  const named = model.namedParameters();
  const size = (value: Tensor) => scope(() => value.abs().sum().item());
  const before = new Map([...named].map(([name, value]) => [name, size(value)]));
  using optimizer = createOptimizer("adamw", named, { weightDecay: 0.5, decays });
  scope(() =>
    optimizer.step(
      [...named.values()].map((value) => value.detach().mul(0)),
      0.1,
    ),
  );
  const shrunk = [...named].flatMap(([name, value]) => {
    return size(value) / before.get(name)! < 0.96 ? [name.replace("transformer.", "")] : [];
  });
  const inner = ["attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj"];
  expect(shrunk).toEqual(["wte.weight", "wpe.weight", ...inner.map((name) => `h.0.${name}.weight`)]);
});

const sizes = { dim: 16, depth: 2, heads: 2, context: 12, vocabulary: 9 };

describe.each(["crate_gpt", "crate_lm", "crate_alpha_gpt", "aot_gpt", "tost_gpt", "gpt2"])("%s", (name) => {
  test("writes the same text with what it saw kept and without, also beyond its context", () => {
    using model = createModel(name, sizes, random(4)) as Gpt;
    const options = { tokens: 20, temperature: 1, topK: 5 };
    const write = (cache: boolean) =>
      generateTokens(model, [1, 2, 3], { ...options, random: random(5), cache });
    expect(write(true)).toEqual(write(false));
    expect(new Set(write(true)).size).toBeGreaterThan(2);
  });
});

test("temperature 0 takes the likeliest token, and top-k 1 the same; rows that are no token are not drawn", () => {
  using model = createModel("crate_gpt", sizes, random(6)) as Gpt;
  const write = (more: object) =>
    generateTokens(model, [4], { tokens: 8, temperature: 1, random: random(7), ...more });
  expect(write({ temperature: 0 })).toEqual(write({ topK: 1 }));
  for (const temperature of [1e-20, 1e-50, 1e-310, Number.MIN_VALUE])
    expect(write({ temperature })).toEqual(write({ topK: 1 }));
  expect(new Set(write({ temperature: 1e300, tokens: 60 })).size).toBeGreaterThan(5);
  for (const temperature of [-1, Number.NaN, Number.POSITIVE_INFINITY])
    expect(() => write({ temperature })).toThrow(`expected a finite number from 0, got ${temperature}`);
  for (const topK of [0, -1, 1.5, Number.NaN])
    expect(() => write({ topK })).toThrow(`topK: expected a whole number from 1, got ${topK}`);
  expect(write({ topK: 1e9 })).toEqual(write({}));
  expect(Math.max(...write({ size: 3, tokens: 40 }))).toBeLessThan(3);
  expect(() => generateTokens(model, [], { tokens: 1, temperature: 1, random: random(1) })).toThrow(
    "got none",
  );
});

test("logits that are no numbers end the text, at any temperature", () => {
  using model = createModel("gpt2", sizes, random(6)) as Gpt;
  noGrad(() => void model.tokens.W.fill_(Number.NaN));
  for (const temperature of [0, 1])
    expect(() => generateTokens(model, [4], { tokens: 1, temperature, random: random(7) })).toThrow(
      "the likeliest token's logit is NaN",
    );
});

test.each(["crate_gpt", "gpt2", "crate_bert"])("%s learns a verse: 30 steps lower the loss", async (name) => {
  const folder = folderOf();
  await trainRun(recipeOf(name), quietly(folder));
  const [first, ...rest] = losses(folder);
  expect(rest.slice(-5).reduce((sum, loss) => sum + loss, 0) / 5).toBeLessThan(0.85 * first!);
  const { numbers, text } = await evaluateRun(folder, { checkpoint: "best", split: "test" });
  expect(numbers.loss).toBeLessThan(numbers.unigramLoss! + 0.4);
  expect(text).toContain("counting alone");
});

test("a run that was stopped half-way goes on with the same bits", async () => {
  const recipe = recipeOf("crate_lm", { train: { steps: 6, accumulate: 2, clipGrad: 1 } });
  const [whole, halves] = [folderOf(), folderOf()];
  await trainRun(recipe, quietly(whole));
  await trainRun(recipe, quietly(halves, { maxSteps: 3 }));
  await trainRun(recipe, quietly(halves, { resume: "last" }));
  expect(losses(halves)).toEqual(losses(whole));
  const numbers = async (folder: string) =>
    (await evaluateRun(folder, { checkpoint: "last", split: "test" })).numbers;
  expect(await numbers(halves)).toEqual(await numbers(whole));
});

test("a run keeps its tokenizer; another one in its place is refused, other text on resuming too", async () => {
  const folder = folderOf();
  const short = { train: { steps: 2 }, data: { tokenizer: "bpe", tokens: 270 } };
  await trainRun(recipeOf("crate_gpt", short), quietly(folder));
  const write = () =>
    generateText(folder, { prompt: "the", tokens: 5, temperature: 1, seed: 1, checkpoint: "last" });
  expect(write().startsWith("the")).toBe(true);
  expect(write()).toBe(write());
  writeFileSync(join(root, "other.txt"), "other words ".repeat(600));
  const other = recipeOf("crate_gpt", { ...short, data: { ...short.data, name: "text:other.txt" } });
  const again = trainRun(other, quietly(folder, { resume: "last" }));
  await expect(again).rejects.toThrow("differs in");
  const path = join(folder, "tokenizer.json");
  const file = JSON.parse(readFileSync(path, "utf8"));
  file.added_tokens.push({ id: 270, content: "<new>", special: true });
  writeFileSync(path, JSON.stringify(file));
  expect(write).toThrow("the model learned with another vocabulary");
});

test("texts that are too short, characters that are no token, too few rows are errors", async () => {
  writeFileSync(join(root, "short.txt"), "abcdefghij".repeat(5));
  const train = (more: object) => trainRun(recipeOf("crate_gpt", more), quietly(folderOf()));
  await expect(train({ data: { name: "text:short.txt" } })).rejects.toThrow(
    "text:short.txt, test text: has 5 tokens, expected 17 or more",
  );
  writeFileSync(join(root, "strange.txt"), `${"abc ".repeat(200)}${"xyz ".repeat(20)}`);
  await expect(train({ data: { name: "text:strange.txt" } })).rejects.toThrow('"x" (U+0078)');
  await expect(train({ model: { vocabulary: 4 } })).rejects.toThrow("model.vocabulary: the tokenizer has");
  expect(() => recipeOf("crate_gpt", { data: { tokenizer: "bpe" } })).toThrow("data.tokens: expected");
  expect(() => recipeOf("crate_gpt", { model: { heads: 5 } })).toThrow("5 does not divide model.dim 24");
});

test("inspect measures rates and non-zeros of each layer on text, and of codes where there are", async () => {
  const folder = folderOf();
  await trainRun(recipeOf("crate_lm", { train: { steps: 2 } }), quietly(folder));
  const { report, figures } = await inspectLanguage(folder, {
    checkpoint: "last",
    samples: 4,
    split: "test",
  });
  const layers = report.layers![0]!.after;
  expect(layers).toHaveLength(2);
  expect(layers[0]!.authorsRate!.mean).toBeGreaterThan(0);
  expect(layers[0]!.authorsRate!.mean).toBeLessThan((24 / 2) * Math.log(101)); // its ceiling
  expect(layers[1]!.code!.mean).toBeLessThan(1);
  expect(figures.every((path) => existsSync(path))).toBe(true);
  expect(figures.length).toBeGreaterThan(0);
  const black = folderOf();
  await trainRun(recipeOf("gpt2", { train: { steps: 1 } }), quietly(black));
  const other = await inspectLanguage(black, { checkpoint: "last", samples: 2, split: "train" });
  expect(other.report.layers![0]!.after[0]!.authorsRate).toBeUndefined();
  const asked = { prompt: "a", tokens: 1, temperature: 1, seed: 1, checkpoint: "last" };
  const bert = folderOf();
  await trainRun(recipeOf("bert", { train: { steps: 1 } }), quietly(bert));
  expect(() => generateText(bert, asked)).toThrow("bert fills masked tokens in");
});
