import { describe, expect, test } from "vitest";
import { expectClose } from "../../test/close.ts";
import {
  gradients,
  native,
  ones,
  operator,
  partialGradients,
  random,
  runMany,
  scope,
  type Tensor,
  zeros,
} from "../tensor/index.ts";
import { LayerNorm } from "./index.ts";

/** x [rows, c] far from 0, as tokens may be; w, b, and the gradient from outside. */
function drawn(rows: number, c: number): Record<"x" | "w" | "b" | "g", Tensor> {
  const draw = (name: string, shape: number[]) => random(3).at(name).normal(shape);
  return { x: draw("x", [rows, c]).add(3), w: draw("w", [c]), b: draw("b", [c]), g: draw("g", [rows, c]) };
}

function normed(dtype: "float32" | "float64", bias: boolean, rows: number, c: number): Tensor[] {
  const { x, w, b, g } = drawn(rows, c);
  using layer = new LayerNorm(c, 1e-5, { bias }).to(dtype);
  layer.load(new Map(Object.entries({ weight: w.to(dtype), ...(bias && { bias: b.to(dtype) }) })));
  const input = x.to(dtype).setRequiresGrad();
  const y = layer.apply(input);
  return [y, ...gradients(y.mul(g.to(dtype)).sum(), [input, ...layer.parameters()])];
}

describe("LayerNorm in single precision is that in double, with its gradients", () => {
  test.each([
    [1, 64, true],
    [3, 4, true],
    [7, 5, false],
    [300, 65, true],
    [1000, 385, true],
  ])("%i rows of %i numbers, bias %s", (rows, c, bias) => {
    scope(() => {
      const double = normed("float64", bias, rows, c);
      normed("float32", bias, rows, c).forEach((ours, i) => void expectClose(ours, double[i]!));
    });
  });

  test("rows that lie apart in memory, and an empty batch", () => {
    scope(() => {
      using layer = new LayerNorm(6);
      const x = random(0).normal([6, 9]);
      expectClose(layer.apply(x.T), layer.apply(x.T.contiguous()));
      expect(layer.apply(zeros([0, 6])).shape).toEqual([0, 6]);
    });
  });
});

/** libtorch 1 keeps its own kernels. */
const keepsIts = native().versions().torch.startsWith("1.");

test.skipIf(keepsIts)("LayerNorm's bits do not depend on the number of threads", () => {
  scope(() => {
    const addon = native();
    const before = addon.threads();
    try {
      const [one, two] = [1, 2].map((threads) => {
        addon.setThreads(threads);
        return normed("float32", true, 3000, 96);
      });
      one!.forEach((tensor, i) => void expect(tensor.toArray()).toEqual(two![i]!.toArray()));
    } finally {
      addon.setThreads(before);
    }
  });
});

test("LayerNorm refuses rows of another length", () => {
  scope(() => {
    using layer = new LayerNorm(4);
    expect(() => layer.apply(ones([2, 5]))).toThrow(/4/);
  });
});

describe("a sum and its norm as one operator", () => {
  const ADD_LAYER_NORM = operator("vitrine::add_layer_norm");
  type Pair = [sum: Tensor, normed: Tensor];
  const atOnce = (x: Tensor, r: Tensor, w: Tensor, b: Tensor): Pair =>
    runMany(ADD_LAYER_NORM, x.h, r.h, w.h, b.h, 1e-5) as Pair;
  function apart(x: Tensor, r: Tensor, w: Tensor, b: Tensor): Pair {
    const s = x.add(r);
    const centred = s.sub(s.mean([-1], true));
    const rstd = centred.square().mean([-1], true).add(1e-5).rsqrt();
    return [s, centred.mul(rstd).mul(w).add(b)];
  }
  const inputs = (): [Tensor, Tensor, Tensor, Tensor] => {
    const { x, w, b, g } = drawn(7, 5);
    const wide = [x!, g!, w!, b!].map((tensor) => tensor.to("float64").setRequiresGrad());
    return wide as [Tensor, Tensor, Tensor, Tensor];
  };

  test.each([
    ["of both", (sum: Tensor, normed: Tensor) => sum.square().sum().add(normed.pow(3).sum())],
    ["of the norm alone", (_: Tensor, normed: Tensor) => normed.pow(3).sum()],
    ["of the sum alone", (sum: Tensor) => sum.pow(3).sum()],
  ])("equals its formula, with gradients %s and their gradients", (_, lossOf) => {
    scope(() => {
      const [ours, expected] = [atOnce, apart].map((form) => {
        const given = inputs();
        const both = form(...given);
        const first = partialGradients(lossOf(...both), given, { createGraph: true });
        const known = first.filter((gradient) => gradient !== null);
        const size = known.reduce((sum, gradient) => sum.add(gradient.square().sum()), both[0].sum());
        const plain = gradients(lossOf(...form(...given)), [given[0], given[1]]);
        return [...both, ...known, ...plain, ...gradients(size, [given[0], given[1]])];
      });
      ours!.forEach((tensor, i) => void expectClose(tensor, expected![i]!));
    });
  });

  test("in single precision it is what LayerNorm gives", () => {
    scope(() => {
      using layer = new LayerNorm(5);
      const [x, r] = [random(1).normal([7, 5]), random(2).normal([7, 5])];
      const [sum, normed] = atOnce(x, r, layer.w, layer.b!);
      const seen: Tensor[] = [];
      expectClose(
        normed,
        layer.ofSum(x, r, (sum) => void seen.push(sum)),
      );
      expect(sum.toArray()).toEqual(seen[0]!.toArray());
    });
  });

  test("shapes that do not meet are refused", () => {
    scope(() => {
      expect(() => atOnce(ones([2, 5]), ones([1, 5]), ones([5]), ones([5]))).toThrow(
        "add_layer_norm expects x and r [..., c], weight and bias [c], got [2, 5], [1, 5]",
      );
    });
  });
});
