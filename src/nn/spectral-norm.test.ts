import { expect, test } from "vitest";
import { aten, gradients, random, scope, type Tensor } from "../tensor/index.ts";
import { SpectralConv2d, SpectralLinear } from "./spectral-norm.ts";

const largest = (W: Tensor): number => aten<Tensor>("linalg_svdvals", W.detach().flatten(1)).max().item();

test("SpectralNorm: after enough calls in training mode the weight has spectral norm 1", () => {
  scope(() => {
    using layer = new SpectralLinear(7, 5, random(3));
    const x = random(4).normal([2, 7]);
    for (let i = 0; i < 100; i++) layer.apply(x);
    layer.eval();
    const expected = x.linear(layer.W.div(largest(layer.W)), layer.b);
    expect(layer.apply(x).sub(expected).abs().max().item()).toBeLessThan(1e-5);
  });
});

test("evaluation mode leaves u and v alone, each call in training mode moves them", () => {
  scope(() => {
    using layer = new SpectralConv2d(2, 3, 3, random(5), 1);
    const x = random(6).normal([1, 2, 4, 4]);
    const before = layer.u.clone();
    layer.eval().apply(x);
    expect(layer.u.sub(before).abs().max().item()).toBe(0);
    layer.train().apply(x);
    expect(layer.u.sub(before).abs().max().item()).toBeGreaterThan(1e-4);
  });
});

test("two calls in one graph have the gradient of W / (uᵀ W v) with the u and v of each call", () => {
  scope(() => {
    using layer = new SpectralLinear(4, 3, random(7));
    const [x, y] = [random(8).normal([5, 4]), random(9).normal([5, 4])];
    const weigh = (input: Tensor) => input.square().sum();
    const first = layer.apply(x);
    const [u1, v1] = [layer.u.clone(), layer.v.clone()];
    const second = layer.apply(y);
    const [found] = gradients(weigh(first).add(weigh(second)), [layer.W]);
    const W = layer.W.detach().clone().setRequiresGrad();
    const by = (input: Tensor, u: Tensor, v: Tensor) => input.linear(W.div(u.matmul(W.matmul(v))), layer.b);
    const expected = weigh(by(x, u1, v1)).add(weigh(by(y, layer.u.clone(), layer.v.clone())));
    const [wanted] = gradients(expected, [W]);
    expect(found!.sub(wanted!).abs().max().item()).toBeLessThan(1e-5);
  });
});
