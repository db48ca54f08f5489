/** @file The whole stack at its smallest: a few numbers through every folder, in seconds. */

import { expect, test } from "vitest";
import { Crate, CrateLayer, ISTA, MSSA } from "../src/model/index.ts";
import { LayerNorm, linear, Module, record } from "../src/nn/index.ts";
import {
  codingRate,
  rateAgainstMemberships,
  rateAgainstSubspaces,
  rateReduction,
} from "../src/rate/index.ts";
import {
  arange,
  aten,
  autocast,
  eye,
  gradients,
  memory,
  noGrad,
  random,
  scope,
  type Tensor,
  tensor,
  zeros,
} from "../src/tensor/index.ts";
import { expectClose } from "./close.ts";

const sizes = { imageSize: 8, patch: 4, channels: 1, classes: 3, dim: 8, depth: 2, heads: 2, headDim: 4 };
const crate = (seed = 0): Crate => scope(() => new Crate(sizes, random(seed)));
const images = (b: number): Tensor => random(9).normal([b, 1, 8, 8]);

/** Mean cross entropy of logits [b, c] with labels [b]. */
const crossEntropy = (logits: Tensor, labels: Tensor): Tensor =>
  logits.logSoftmax(-1).gather(1, labels.unsqueeze(1)).mean().neg();

test("tensors: what goes in comes out", () => {
  using x = tensor([1, 2, 3]);
  expect(x.toArray()).toEqual([1, 2, 3]);
});

test("a product, a bias and a rectifier", () => {
  expect(
    scope(() =>
      tensor([[1, -1]])
        .linear(eye(2), tensor([1, 0]))
        .relu()
        .toArray(),
    ),
  ).toEqual([[2, 0]]);
});

test("any operator by name", () => {
  expect(scope(() => aten("trace", eye(3)).item())).toBe(3);
});

test("gradients of a square", () => {
  scope(() => {
    const x = tensor([1, 2]).setRequiresGrad();
    expect(gradients(x.square().sum(), [x])[0]!.numbers()).toEqual([2, 4]);
  });
});

test("a scope leaves its result and nothing else", () => {
  const before = memory().tensors;
  using kept = scope(() => zeros([2]).add(1).mul(3));
  expect([kept.numbers(), memory().tensors - before]).toEqual([[3, 3], 1]);
});

test("random streams repeat", () => {
  scope(() => expect(random(1).at("a").normal([3]).data()).toEqual(random(1).at("a").normal([3]).data()));
});

test("the rate of a unit matrix is its closed form", () => {
  expect(scope(() => codingRate(eye(2), { epsilon: 1 }).item())).toBeCloseTo(Math.log(2), 6);
});

test("two classes apart cost less together than one by one saves", () => {
  scope(() => {
    const Z = tensor([
      [1, 0],
      [1, 0],
      [0, 1],
      [0, 1],
    ]);
    const Pi = tensor([
      [1, 0],
      [1, 0],
      [0, 1],
      [0, 1],
    ]);
    expect(rateReduction(Z, Pi, { epsilon: 0.5 }).item()).toBeGreaterThan(0.5);
    expect(rateAgainstMemberships(Z, Pi, { epsilon: 0.5 }).item()).toBeLessThan(
      codingRate(Z, { epsilon: 0.5 }).item(),
    );
  });
});

test("a step down Rᶜ lowers Rᶜ", () => {
  scope(() => {
    const [Z, U] = [random(1).normal([6, 8]).setRequiresGrad(), random(2).normal([2, 8, 3])];
    const rate = rateAgainstSubspaces(Z, U, { epsilon: 0.5 });
    const [step] = gradients(rate, [Z]) as [Tensor];
    expect(rateAgainstSubspaces(Z.sub(step.mul(0.1)), U, { epsilon: 0.5 }).item()).toBeLessThan(rate.item());
  });
});

test("a linear layer has its weight and bias", () => {
  using layer = scope(() => linear(3, 2, random(1)));
  expect([...layer.namedParameters().keys()]).toEqual(["weight", "bias"]);
  scope(() => expect(layer.apply(zeros([4, 3])).shape).toEqual([4, 2]));
});

test("layer norm: mean 0, variance 1", () => {
  using norm = new LayerNorm(16);
  scope(() => {
    const y = norm.apply(random(1).normal([5, 16]).mul(3).add(7));
    expectClose(y.mean(-1).add(1), [1, 1, 1, 1, 1]);
    expectClose(y.var(-1, 0), [1, 1, 1, 1, 1], 1e-4);
  });
});

test("ISTA is the formula with the dictionary written out", () => {
  using layer = new ISTA(random(1).normal([4, 4]), { eta: 0.1, lambda: 0.2 });
  scope(() => {
    const [Z, D] = [random(2).normal([3, 4]), layer.D];
    const plain = Z.add(Z.sub(Z.matmul(D.T)).matmul(D).mul(0.1))
      .sub(0.02)
      .relu();
    expectClose(layer.apply(Z), plain);
  });
});

test("MSSA does not mind the order of its tokens", () => {
  using layer = new MSSA(random(1).normal([4, 6]), { heads: 2, headDim: 2 });
  scope(() => {
    const Z = random(2).normal([1, 5, 6]);
    const order = tensor([3, 1, 4, 0, 2], { dtype: "int64" });
    expectClose(layer.apply(Z.indexSelect(1, order)), layer.apply(Z).indexSelect(1, order));
  });
});

test("a layer's output has no negative entry, and some zeros", () => {
  using layer = scope(() => new CrateLayer(random(1), sizes));
  scope(() => {
    const Z = layer.apply(random(2).normal([2, 5, 8]));
    expect([Z.min().item() >= 0, Z.eq(0).any().item(), Z.shape]).toEqual([true, 1, [2, 5, 8]]);
  });
});

test("CRATE: images to logits, leaving one tensor", () => {
  using model = crate();
  using X = images(4);
  const before = memory().tensors;
  using logits = model.apply(X);
  expect([logits.shape, memory().tensors - before]).toEqual([[4, 3], 1]);
});

test("CRATE: every parameter has a finite gradient", () => {
  using model = crate();
  scope(() => {
    const labels = tensor([0, 1, 2, 0], { dtype: "int64" });
    const all = gradients(crossEntropy(model.apply(images(4)), labels), model.parameters());
    expect(all.every((g) => g.isFinite().all().item() === 1)).toBe(true);
    expect(all.map((g) => g.shape)).toEqual(model.parameters().map((p) => p.shape));
  });
});

test("CRATE: every one of a few plain gradient steps lowers the loss", () => {
  using model = crate();
  using X = images(6);
  using labels = scope(() => arange(6).remainder(3));
  const step = (): number =>
    scope(() => {
      const loss = crossEntropy(model.apply(X), labels);
      const slopes = gradients(loss, model.parameters());
      noGrad(() => {
        model.parameters().forEach((parameter, i) => {
          parameter.sub_(slopes[i]!.mul(0.1));
        });
      });
      return loss.item();
    });
  const losses = Array.from({ length: 12 }, step);
  expect(losses).toEqual([...losses].sort((a, b) => b - a));
  expect(losses.at(-1)!).toBeLessThan(losses[0]! - 0.1);
});

test("CRATE: the same seed gives the same logits, another gives others", () => {
  using X = images(2);
  const logits = (seed: number) =>
    scope(() => {
      using model = crate(seed);
      return model.apply(X).numbers();
    });
  expect(logits(3)).toEqual(logits(3));
  expect(logits(3)).not.toEqual(logits(4));
});

test("CRATE: under autocast close to what it is in full", () => {
  using model = crate();
  scope(() => {
    const X = images(2);
    const low = autocast("bfloat16", "cpu", () => model.apply(X));
    expectClose(low.to("float32"), model.apply(X), 0.05);
  });
});

test("probes: a layer's half step by name", () => {
  using model = crate();
  scope(() => {
    const { found } = record(model, ["block.*.half"], () => model.apply(images(2)));
    expect([...found.keys()]).toEqual(["block.0.half", "block.1.half"]);
    for (const half of found.values()) half.dispose();
  });
});

test("parameters go out by their official names and come back", () => {
  using from = crate(1);
  using to = crate(2);
  to.load(from.namedParameters());
  scope(() => {
    const X = images(2);
    expect(to.apply(X).numbers()).toEqual(from.apply(X).numbers());
  });
  expect([...from.namedParameters().keys()]).toContain("transformer.layers.1.0.fn.qkv.weight");
});

class Doubling extends Module {
  protected forward(x: Tensor): Tensor {
    return x.add(x);
  }
}

test("a module of one's own needs a forward and nothing else", () => {
  using x = tensor([2]);
  using y = new Doubling().apply(x);
  expect(y.item()).toBe(4);
});
