/** @file A linear map of a layer normalisation's output, which is made again on the way back in place of being kept. */

import { describe, expect, test } from "vitest";
import { expectClose } from "../../test/close.ts";
import {
  autocast,
  gradients,
  native,
  noGrad,
  operator,
  random,
  run,
  scope,
  type Tensor,
  zeros,
} from "../tensor/index.ts";
import { LayerNorm } from "./layer-norm.ts";

/** libtorch 1 keeps its own linear map, and makes norms with other bits. */
const keepsIts = native().versions().torch.startsWith("1.");

type LinearMap = (y: Tensor, W: Tensor, b?: Tensor) => Tensor;
const LINEAR_RELU = operator("vitrine::linear_relu");
const MAPS: [name: string, map: LinearMap, bias: boolean][] = [
  ["linear", (y, W, b) => y.linear(W, b), true],
  ["linear without bias", (y, W) => y.linear(W), false],
  ["linear_relu", (y, W, b) => run(LINEAR_RELU, y.h, W.h, b!.h), true],
];

/** The way back and that of its gradients' size, of x, W and what else is learned. `kept` hides from the map that y is a norm's output. */
function ways(map: LinearMap, bias: boolean, shape: number[], dtype: "float32" | "float64", kept: boolean) {
  const c = shape.at(-1)!;
  const draw = (name: string, shape: number[]) => random(3).at(name).normal(shape).to(dtype);
  const [x, W, b] = [draw("x", shape).add(3), draw("W", [7, c]), draw("b", [7])];
  const norm = new LayerNorm(c, 1e-5, { bias }).to(dtype);
  norm.load(new Map(Object.entries({ weight: draw("w", [c]), ...(bias && { bias: draw("b'", [c]) }) })));
  const learned = [x, W, ...(bias ? [b] : []), ...norm.parameters()].map((tensor) =>
    tensor.setRequiresGrad(),
  );
  const y = norm.apply(x);
  const Y = map(kept ? y.mul(1) : y, W, b);
  const g = draw("g", Y.shape as number[]);
  const plain = gradients(Y.mul(g).sum(), learned, { retainGraph: true });
  const first = gradients(Y.mul(g).sum(), learned, { createGraph: true });
  const size = first.reduce((sum, gradient) => sum.add(gradient.square().mean()), Y.mean());
  const found = [Y, ...plain, ...first, ...gradients(size, learned.slice(0, 2))];
  norm.dispose();
  return found;
}

describe.each(MAPS)("%s", (_, map, bias) => {
  test.each([[[5, 6]], [[2, 70, 33]]])(
    "of %j: value, gradients and theirs are those in double precision",
    (shape) => {
      scope(() => {
        const double = ways(map, bias, shape, "float64", true);
        ways(map, bias, shape, "float32", false).forEach((ours, i) => void expectClose(ours, double[i]!));
      });
    },
  );

  test.skipIf(keepsIts)("the input is made again to the bit", () => {
    scope(() => {
      const [again, kept] = [false, true].map((kept) => ways(map, bias, [300, 65], "float32", kept));
      expect(again![2]!.toArray()).toEqual(kept![2]!.toArray()); // dW
    });
  });
});

test("in bfloat16 too, by autocast, with the norm in either precision", () => {
  scope(() => {
    const draw = (name: string, shape: number[]) => random(4).at(name).normal(shape);
    using norm = new LayerNorm(40);
    const [W, g] = [draw("W", [24, 40]), draw("g", [6, 50, 24])];
    for (const dtype of ["bfloat16", "float32"] as const) {
      const x = draw("x", [6, 50, 40]).to(dtype);
      const learned = [x, W, norm.w].map((tensor) => tensor.setRequiresGrad());
      const [again, kept] = [1, 2].map((way) => {
        const Y = autocast("bfloat16", "cpu", () => {
          const y = norm.apply(x);
          return (way === 1 ? y : y.mul(1)).linear(W);
        });
        return gradients(Y.to("float32").mul(g).sum(), learned);
      });
      again!.forEach((ours, i) => void expectClose(ours.to("float32"), kept![i]!.to("float32"), 2 ** -7));
    }
  });
});

test.skipIf(keepsIts)(
  "memory: eight norms of 32 MiB before as many maps to one number keep their input once",
  () => {
    scope(() => {
      const x = random(5).normal([16_384, 512]).setRequiresGrad(); //              32 MiB
      using norm = new LayerNorm(512);
      const W = random(6).normal([1, 512]).setRequiresGrad();
      const held = (kept: boolean) => {
        const before = process.memoryUsage().rss;
        const outputs = Array.from({ length: 8 }, () =>
          scope(() => (kept ? norm.apply(x).mul(1) : norm.apply(x)).linear(W)),
        );
        const bytes = process.memoryUsage().rss - before;
        for (const output of outputs) output.dispose();
        return bytes / 2 ** 20;
      };
      expect(held(false)).toBeLessThan(100);
      expect(held(true)).toBeGreaterThan(200);
    });
  },
);

test("a norm that has gone back already, or whose input has changed since, does not hinder a map of its output", () => {
  scope(() => {
    using norm = new LayerNorm(12);
    const W = random(7).normal([4, 12]).setRequiresGrad();
    const x = random(8).normal([5, 12]).setRequiresGrad();
    const ofW = (Y: Tensor): Tensor => gradients(Y.square().sum(), [W])[0]!;
    for (const map of [(y: Tensor) => y.linear(W), (y: Tensor) => run(LINEAR_RELU, y.h, W.h, zeros([4]).h)]) {
      const y = norm.apply(x);
      gradients(y.sum(), [x]);
      expectClose(
        noGrad(() => map(y)),
        map(y.detach()),
      );
      expectClose(ofW(map(y)), ofW(map(y.detach())));
      const moved = x.mul(1);
      const z = norm.apply(moved);
      moved.add_(1);
      expectClose(ofW(map(z)), ofW(map(z.detach())));
    }
  });
});
