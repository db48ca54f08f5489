import { expect, test } from "vitest";
import {
  autocast,
  gradients,
  noGrad,
  partialGradients,
  random,
  scope,
  type Tensor,
  TorchError,
  tensor,
  UsageError,
  zeros,
} from "./index.ts";

const leaf = (values: number[]): Tensor => tensor(values, { dtype: "float64" }).setRequiresGrad();

test("gradients come in the order of the parameters", () => {
  scope(() => {
    const [x, y] = [leaf([1, 2]), leaf([3, 4])];
    const loss = () => x.square().mul(y).sum();
    expect(gradients(loss(), [x, y]).map((g) => g.numbers())).toEqual([
      [6, 16],
      [1, 4],
    ]);
    expect(gradients(loss(), [y, x]).map((g) => g.numbers())).toEqual([
      [1, 4],
      [6, 16],
    ]);
  });
});

test("a parameter that the loss does not depend on is an error, or null when asked for so", () => {
  scope(() => {
    const [x, y] = [leaf([1]), leaf([2, 3])];
    const loss = () => x.mul(5).sum();
    expect(() => gradients(loss(), [x, y])).toThrow(
      "gradients: the loss does not depend on parameter 1, [2] float64",
    );
    expect(partialGradients(loss(), [y, x]).map((g) => g?.item() ?? null)).toEqual([null, 5]);
  });
});

test("a loss without a graph, and one that is not a number, are refused in one line", () => {
  scope(() => {
    const x = leaf([1, 2]);
    expect(() => gradients(zeros([]), [x])).toThrow(UsageError);
    expect(() => gradients(x.mul(2), [x])).toThrow(TorchError);
    expect(() => gradients(x.mul(2), [x])).toThrow(/^gradients: [^\n]+$/);
    expect(() => gradients(x.mul(2).sum(), [zeros([1])])).toThrow(/^gradients: [^\n]+$/);
  });
});

test("the gradient of what follows weights the elements", () => {
  scope(() => {
    const x = leaf([1, 2]);
    const outer = tensor([10, 100], { dtype: "float64" });
    expect(gradients(x.square(), [x], { outer })[0]!.numbers()).toEqual([20, 400]);
  });
});

test("createGraph: the second derivative of x³ is 6x", () => {
  scope(() => {
    const x = leaf([2, 5]);
    const [first] = gradients(x.pow(3).sum(), [x], { createGraph: true }) as [Tensor];
    expect(first.numbers()).toEqual([12, 75]);
    expect(gradients(first.sum(), [x])[0]!.numbers()).toEqual([12, 30]);
  });
});

test("a graph is used once unless it is retained", () => {
  scope(() => {
    const x = leaf([3]);
    const loss = x.square().sum();
    expect(gradients(loss, [x], { retainGraph: true })[0]!.item()).toBe(6);
    expect(gradients(loss, [x])[0]!.item()).toBe(6);
    expect(() => gradients(loss, [x])).toThrow(/backward through the graph a second time/);
  });
});

test("noGrad records nothing, returns what the body returns, and is restored after a throw", () => {
  scope(() => {
    const x = leaf([1]);
    expect(noGrad(() => x.mul(2)).requiresGrad).toBe(false);
    expect(() =>
      noGrad(() => {
        throw new Error("no");
      }),
    ).toThrow("no");
    expect(x.mul(2).requiresGrad).toBe(true);
    expect(noGrad(() => noGrad(() => 1) + Number(x.mul(2).requiresGrad))).toBe(1);
    expect(() => noGrad(async () => 1)).toThrow(UsageError);
    expect([x.detach().requiresGrad, x.requiresGrad]).toEqual([false, true]);
  });
});

test("an intermediate that a scope freed still carries its gradient", () => {
  scope(() => {
    const x = leaf([1, 2]);
    const loss = scope(() => x.exp().log().square().sum());
    expect(
      gradients(loss, [x])[0]!
        .numbers()
        .map((g) => Math.round(g * 1e9) / 1e9),
    ).toEqual([2, 4]);
  });
});

const product = () =>
  scope(
    () =>
      random(1)
        .normal([4, 8])
        .matmul(random(2).normal([8, 4])).dtype,
  );

test("autocast: products are bfloat16 inside, and as they were outside", () => {
  expect(autocast("bfloat16", "cpu", product)).toBe("bfloat16");
  expect(product()).toBe("float32");
});

test("autocast nests: the inner one ends, the outer one goes on", () => {
  const seen = autocast("bfloat16", "cpu", () => {
    const inner = autocast(null, "cpu", () => [product(), autocast("bfloat16", "cpu", product)]);
    return [...inner, product()];
  });
  expect(seen).toEqual(["float32", "bfloat16", "bfloat16"]);
  expect(product()).toBe("float32");
});

test("autocast is restored after a throw and after a promise", () => {
  expect(() =>
    autocast("bfloat16", "cpu", () => {
      throw new Error("no");
    }),
  ).toThrow("no");
  expect(() => autocast("bfloat16", "cpu", async () => 1)).toThrow(UsageError);
  expect(product()).toBe("float32");
});

test("autocast: gradients of float32 parameters are float32", () => {
  scope(() => {
    const w = random(3).normal([8, 8]).setRequiresGrad();
    const loss = autocast("bfloat16", "cpu", () => random(4).normal([2, 8]).matmul(w).to("float32").sum());
    expect(gradients(loss, [w])[0]!.dtype).toBe("float32");
  });
});
