import { describe, expect, test } from "vitest";
import { expectClose } from "../../test/close.ts";
import { gradients, noGrad, random, scope, type Tensor, tensor } from "../tensor/index.ts";
import type { Gpt } from "./language/gpt.ts";
import type { Past } from "./language/past.ts";
import { createModel, formOf, modelNames, models, parameterCount } from "./registry.ts";

const base = { dim: 768, depth: 12, heads: 12, context: 1024, vocabulary: 50_304 };
const small = { dim: 24, depth: 2, heads: 3, context: 9, vocabulary: 13 };
const names = modelNames("language");
const isCausal = (name: string) => formOf(name, "language").causal;
const causal = names.filter(isCausal);

/** max |a − b| */
const gap = (a: Tensor, b: Tensor) => a.detach().sub(b.detach()).abs().max().item();
const tokensOf = (seed: number, n: number) => random(seed).integers([2, n], 0, small.vocabulary);

/** Away from their small starts, so that every term counts. */
function stirred(name: string, options: object = {}) {
  const model = createModel(name, { ...small, ...options }, random(1), "language");
  const noise = random(2);
  for (const [key, value] of model.namedParameters()) {
    const parameter = value.detach();
    parameter.add_(noise.at(key).normal(parameter.shape).mul_(0.2));
  }
  return model;
}

// methods of the papers, models as built by their code
test.each([
  ["crate_gpt", base, 60_699_648],
  ["crate_lm", base, 81_934_848],
  ["tost_gpt", base, 110_384_016],
  ["tost_gpt", { ...base, dim: 1024, depth: 24, heads: 16 }, 304_711_040],
  ["gpt2", { ...base, dim: 512, heads: 8 }, 64_109_568],
  ["gpt2", { ...base, vocabulary: 50_257 }, 124_439_808],
  ["crate_bert", { ...base, context: 510, pad: 1, vocabulary: 50_265 }, 60_912_729],
  ["bert", { ...base, context: 512, vocabulary: 30_522 }, 109_514_298],
])("%s %o has %d parameters", (name, options, count) => {
  expect(parameterCount(name, options)).toBe(count);
});

test.each(names)("the count by formula is the count of %s built", (name) => {
  for (const more of isCausal(name) ? [{}] : [{}, { classes: 3 }, { pad: 1 }]) {
    using model = createModel(name, { ...small, ...more }, random(0));
    expect(model.parameterCount()).toBe(parameterCount(name, { ...small, ...more }));
  }
});

test("errors name what was expected", () => {
  expect(() => createModel("crate_gtp", small, random(0))).toThrow('did you mean "crate_gpt"');
  expect(() => createModel("gpt2", { ...small, heads: 5 }, random(0))).toThrow(
    "model.heads: 5 does not divide model.dim 24",
  );
  expect(
    models()
      .filter(({ forms }) => forms.includes("language"))
      .map(({ name }) => name),
  ).toEqual(names);
});

describe.each(causal)("%s", (name) => {
  test("a token's logits do not depend on later tokens", () =>
    scope(() => {
      const model = stirred(name) as Gpt;
      const tokens = tokensOf(3, 7);
      const other = tokens.clone();
      other
        .narrow(1, 5, 2)
        .add_(1)
        .copy_(other.narrow(1, 5, 2).remainder(small.vocabulary));
      const [a, b] = [model.apply(tokens), model.apply(other)];
      expect(gap(a.narrow(1, 0, 5), b.narrow(1, 0, 5))).toBeLessThan(1e-6);
      expect(gap(a.narrow(1, 5, 2), b.narrow(1, 5, 2))).toBeGreaterThan(1e-3);
      model.dispose();
    }));

  test("token after token, and in pieces, gives the logits of the whole", () =>
    scope(() => {
      const model = stirred(name) as Gpt;
      const tokens = tokensOf(4, 9);
      const whole = model.apply(tokens);
      for (const pieces of [
        [1, 1, 1, 1, 1, 1, 1, 1, 1],
        [4, 1, 3, 1],
      ]) {
        let past: Past[] | undefined;
        let at = 0;
        for (const n of pieces) {
          const step = model.next(tokens.narrow(1, at, n), past);
          expect(gap(step.logits, whole.narrow(1, at, n))).toBeLessThan(2e-5);
          past = step.past;
          at += n;
        }
        expect(() => model.next(tokens.narrow(1, 0, 1), past)).toThrow(
          "at most 9 tokens, its context length, got 10",
        );
      }
      model.dispose();
    }));

  test("every parameter has a gradient", () =>
    scope(() => {
      const model = stirred(name);
      const loss = model.apply(tokensOf(5, 9)).logSoftmax(-1).select(-1, 2).sum();
      for (const gradient of gradients(loss, model.parameters()))
        expect(gradient.abs().sum().item()).toBeGreaterThan(0);
      model.dispose();
    }));
});

test("CRATE-GPT's output tied to U: its count, each token by its past, and a step of each head", () =>
  scope(() => {
    const tied = { tiedOutput: true };
    for (const more of [tied, { ...tied, headSteps: true }, { ...tied, sign: -1 }]) {
      using model = stirred("crate_gpt", more) as Gpt;
      expect(model.parameterCount()).toBe(parameterCount("crate_gpt", { ...small, ...more }));
      const tokens = tokensOf(6, 8);
      const { past } = model.next(tokens.narrow(1, 0, 5));
      expectClose(model.next(tokens.narrow(1, 5, 3), past).logits, model.apply(tokens).narrow(1, 5, 3));
    }
    // a step of −1 is the other sign
    const logits = (more: object, step?: number) => {
      const model = createModel("crate_gpt", { ...small, ...tied, ...more }, random(0)) as Gpt;
      const steps = model.parameters().filter(({ shape }) => shape.length === 1 && shape[0] === small.heads);
      noGrad(() => steps.forEach((alpha) => void alpha.fill_(step!)));
      const found = model.apply(tokensOf(6, 8));
      model.dispose();
      return found;
    };
    expectClose(logits({ headSteps: true }, -1), logits({ sign: -1 }));
    expect(gap(logits({ sign: -1 }), logits({}))).toBeGreaterThan(1e-4);
    expect(() => createModel("crate_gpt", { ...small, headSteps: true }, random(0))).toThrow(
      "model.tiedOutput",
    );
    expect(() => createModel("crate_lm", { ...small, tiedOutput: true }, random(0))).toThrow("tiedOutput");
  }));

test("CRATE keeps one matrix of each layer for the next token, GPT-2 two, ToST three sums", () =>
  scope(() => {
    const kept = Object.fromEntries(
      ["crate_gpt", "gpt2", "tost_gpt"].map((name) => {
        const model = createModel(name, small, random(0)) as Gpt;
        const { past } = model.next(tokensOf(6, 8));
        const numbers = past[0]!.kept.reduce((sum, tensor) => sum + tensor.numel, 0) / 2;
        model.dispose();
        return [name, numbers];
      }),
    );
    expect(kept).toEqual({ crate_gpt: 8 * 24, gpt2: 2 * 8 * 24, tost_gpt: 24 + 3 + 24 });
  }));

describe.each(["crate_bert", "bert"])("%s", (name) => {
  test("sees both sides", () =>
    scope(() => {
      const model = stirred(name);
      const tokens = tokensOf(7, 6);
      const other = tokens.clone();
      other.select(1, 5).copy_(tokens.select(1, 5).add(1).remainder(small.vocabulary));
      const [a, b] = [model.apply(tokens), model.apply(other)];
      expect(a.shape).toEqual([2, 6, 13]);
      expect(gap(a.select(1, 0), b.select(1, 0))).toBeGreaterThan(1e-4);
      model.dispose();
    }));

  test("what fills a sequence up changes nothing, and real tokens are counted from pad + 1", () =>
    scope(() => {
      const model = stirred(name, { pad: 1 });
      const text = [5, 6, 7, 8];
      const bare = model.apply(tensor([text], { dtype: "int64" }));
      const filled = model.apply(tensor([[...text, 1, 1]], { dtype: "int64" }));
      const inside = model.apply(tensor([[5, 6, 1, 7, 8]], { dtype: "int64" }));
      expect(gap(filled.narrow(1, 0, 4), bare)).toBeLessThan(1e-5);
      expect(gap(inside.narrow(1, 3, 2), bare.narrow(1, 2, 2))).toBeLessThan(1e-5);
      model.dispose();
    }));

  test("reads classes off the first token", () =>
    scope(() => {
      const model = stirred(name, { classes: 4 });
      expect(model.apply(tokensOf(8, 5)).shape).toEqual([2, 4]);
      model.dispose();
    }));
});

test("state dictionaries have the names of the authors and of Hugging Face, tied tables twice or once", () =>
  scope(() => {
    const crate = createModel("crate_bert", small, random(0));
    const names = [...crate.namedParameters().keys()];
    expect(names.filter((name) => name.includes("layer.1."))).toEqual([
      "crate.encoder.layer.1.attention.self.prenorm.weight",
      "crate.encoder.layer.1.attention.self.prenorm.bias",
      "crate.encoder.layer.1.attention.self.qkv.weight",
      "crate.encoder.layer.1.attention.output.dense.weight",
      "crate.encoder.layer.1.output.prenorm.weight",
      "crate.encoder.layer.1.output.prenorm.bias",
      "crate.encoder.layer.1.output.weight",
    ]);
    expect(names).toContain("lm_head.layer_norm.weight");
    const bert = createModel("bert", { ...small, classes: 2 }, random(0));
    expect([...bert.namedParameters().keys()].slice(-4)).toEqual([
      "bert.pooler.dense.weight",
      "bert.pooler.dense.bias",
      "classifier.weight",
      "classifier.bias",
    ]);
    const gpt = createModel("gpt2", small, random(0));
    const twice = new Map(gpt.stateDict()).set("lm_head.weight", gpt.parameters()[0]!);
    expect(() => gpt.load(twice)).not.toThrow();
    for (const model of [crate, bert, gpt]) model.dispose();
  }));
