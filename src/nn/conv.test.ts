import { expect, test } from "vitest";
import { arange, gradients, ones, random, scope, tensor, zeros } from "../tensor/index.ts";
import { Conv2d, ConvTranspose2d, conv2d, convTranspose2d } from "./conv.ts";
import { averagePool2d, maxPool2d } from "./pool.ts";

const image = () => arange(9, { dtype: "float32" }).reshape([1, 1, 3, 3]);

test("a convolution is a cross-correlation with stride, padding and bias", () => {
  scope(() => {
    const W = tensor([[[[1, 0], [0, 2]]]]); // biome-ignore format: a picture of the kernel
    using conv = new Conv2d(W, tensor([10]));
    expect(conv.apply(image()).toArray()).toEqual([[[[18, 21], [27, 30]]]]); // biome-ignore format: an image
    using strided = new Conv2d(W.clone(), undefined, { stride: 2, padding: 1 });
    expect(strided.apply(image()).toArray()).toEqual([[[[0, 4], [12, 20]]]]); // biome-ignore format: an image
  });
});

test("the transposed convolution is the adjoint: ⟨conv x, y⟩ = ⟨x, convᵀ y⟩", () => {
  scope(() => {
    const r = random(7);
    const W = r.normal([4, 3, 4, 4]);
    using conv = new Conv2d(W.clone(), undefined, { stride: 2, padding: 1 });
    using adjoint = new ConvTranspose2d(W.clone(), undefined, { stride: 2, padding: 1 });
    const x = r.normal([2, 3, 8, 8]);
    const y = r.normal([2, 4, 4, 4]);
    const left = conv.apply(x).mul(y).sum().item();
    expect(adjoint.apply(y).shape).toEqual([2, 3, 8, 8]);
    expect(adjoint.apply(y).mul(x).sum().item()).toBeCloseTo(left, 2);
  });
});

test("starts are PyTorch's: U(±1/√fan_in), with the transpose counting its outputs", () => {
  using conv = conv2d(8, 16, 3, random(1));
  using transposed = convTranspose2d(8, 16, 4, random(1), { bias: false });
  using grouped = conv2d(8, 16, [1, 3], random(1), { groups: 4, bias: false });
  expect([conv.W.shape, transposed.W.shape, grouped.W.shape]).toEqual([
    [16, 8, 3, 3],
    [8, 16, 4, 4],
    [16, 2, 1, 3],
  ]);
  for (const [layer, bound] of [
    [conv, 1 / Math.sqrt(72)],
    [transposed, 1 / Math.sqrt(256)],
    [grouped, 1 / Math.sqrt(6)],
  ] as const) {
    const largest = scope(() => layer.W.abs().max().item());
    expect(largest).toBeLessThanOrEqual(bound);
    expect(largest).toBeGreaterThan(0.9 * bound);
  }
  expect(transposed.b).toBeUndefined();
});

test("gradients of a sum are counts of windows", () => {
  scope(() => {
    using conv = new Conv2d(zeros([1, 1, 2, 2]), zeros([1]));
    const [dW, db] = gradients(conv.apply(ones([1, 1, 3, 3])).sum(), conv.parameters());
    expect([dW!.numbers(), db!.item()]).toEqual([[4, 4, 4, 4], 4]);
  });
});

test("pooling", () => {
  scope(() => {
    expect(averagePool2d(image(), 3).numbers()).toEqual([4]);
    expect(maxPool2d(image(), 2, { stride: 1 }).numbers()).toEqual([4, 5, 7, 8]);
    expect(maxPool2d(image(), 3, { stride: 2, padding: 1 }).numbers()).toEqual([4, 5, 7, 8]);
  });
});
