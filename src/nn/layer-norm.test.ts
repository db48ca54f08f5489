import { describe, expect, test } from "vitest";
import { expectClose } from "../../test/close.ts";
import { gradients, native, ones, random, scope, type Tensor, zeros } from "../tensor/index.ts";
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
