import { expect, test } from "vitest";
import { aten, gradients, noGrad, ones, random, scope, type Tensor, tensor, zeros } from "../tensor/index.ts";
import { BatchNorm } from "./batch-norm.ts";
import { conv2d } from "./conv.ts";
import { Module } from "./module.ts";

class Net extends Module {
  readonly conv = this.child("conv", conv2d(2, 3, 3, random(0), { bias: false, padding: 1 }));
  readonly bn = this.child("bn", new BatchNorm(3));

  protected forward(x: Tensor): Tensor {
    return this.bn.apply(this.conv.apply(x));
  }
}

const close = (a: Tensor, b: Tensor, within = 1e-5) =>
  expect(scope(() => a.sub(b).abs().max().item())).toBeLessThan(within);

test("training normalises by the batch and moves the running statistics; evaluation uses them", () => {
  scope(() => {
    using bn = new BatchNorm(2);
    const x = random(1).normal([5, 2]).mul(3).add(1);
    const standard = x.sub(x.mean([0])).div(x.var([0], 0).add(1e-5).sqrt());
    close(bn.apply(x), standard);
    close(bn.mean, x.mean([0]).mul(0.1));
    close(bn.variance, x.var([0], 1).mul(0.1).add(0.9));
    expect(bn.batches.item()).toBe(1);
    const before = bn.mean.numbers();
    close(bn.eval().apply(x), x.sub(bn.mean).div(bn.variance.add(1e-5).sqrt()));
    expect(bn.mean.numbers()).toEqual(before);
    expect(bn.batches.item()).toBe(1);
  });
});

test("images are normalised per channel over batch, rows and columns", () => {
  scope(() => {
    using bn = new BatchNorm(3);
    const y = bn.apply(random(2).normal([4, 3, 5, 5]).mul(7));
    close(y.mean([0, 2, 3]), zeros([3]));
    close(y.var([0, 2, 3], 0), ones([3]), 1e-3);
  });
});

test("a batch of one value per channel has no variance", () => {
  using bn = new BatchNorm(3);
  scope(() => expect(() => bn.apply(zeros([1, 3]))).toThrow("expected more than one value per channel"));
});

test("state dictionaries hold buffers under PyTorch's names, parameters() does not", () => {
  using net = new Net();
  expect([...net.stateDict().keys()]).toEqual([
    "conv.weight",
    "bn.weight",
    "bn.bias",
    "bn.running_mean",
    "bn.running_var",
    "bn.num_batches_tracked",
  ]);
  expect([...net.namedParameters().keys()]).toEqual(["conv.weight", "bn.weight", "bn.bias"]);
  expect(net.parameterCount()).toBe(3 * 2 * 9 + 6);
  expect(net.bn.mean.requiresGrad).toBe(false);
});

test("loading copies buffers, and their absence is an error", () => {
  using net = new Net();
  using other = new Net();
  scope(() => {
    net.apply(random(3).normal([4, 2, 6, 6]));
    other.load(net.stateDict());
    expect(other.bn.mean.numbers()).toEqual(net.bn.mean.numbers());
    expect(other.bn.batches.item()).toBe(1);
    const x = random(4).normal([2, 2, 6, 6]);
    close(other.eval().apply(x), net.eval().apply(x), 1e-7);
    expect(() => other.load(net.namedParameters())).toThrow('the checkpoint has no "bn.running_mean"');
  });
});

test("modes reach every module below; dtypes reach statistics but not counts", () => {
  using net = new Net();
  expect(net.training && net.bn.training).toBe(true);
  net.eval();
  expect(net.training || net.bn.training || net.conv.training).toBe(false);
  net.train().to("float64");
  expect([net.bn.mean.dtype, net.bn.batches.dtype, net.conv.W.dtype]).toEqual([
    "float64",
    "int64",
    "float64",
  ]);
  expect(net.conv.W.requiresGrad && !net.bn.mean.requiresGrad).toBe(true);
});

test("gradients pass in both modes", () => {
  scope(() => {
    using net = new Net();
    const x = random(5).normal([4, 2, 6, 6]);
    const weights = random(6).normal([4, 3, 6, 6]);
    for (const training of [true, false]) {
      net.train(training);
      const loss = () => net.apply(x).mul(weights).sum();
      const analytic = gradients(loss(), net.parameters());
      net.bn.eval(); // statistics must not move while measuring the slope
      const step = 1e-2;
      if (!training) {
        const slope = noGrad(() => {
          net.bn.w.add_(tensor([step, 0, 0]));
          const up = loss().item();
          net.bn.w.sub_(tensor([2 * step, 0, 0]));
          const down = loss().item();
          net.bn.w.add_(tensor([step, 0, 0]));
          return (up - down) / (2 * step);
        });
        expect(analytic[1]!.select(0, 0).item()).toBeCloseTo(slope, 1);
      }
      expect(analytic.every((gradient) => gradient.isFinite().all().item() === 1)).toBe(true);
    }
    expect(aten<Tensor>("count_nonzero", gradients(net.apply(x).sum(), [net.bn.b])[0]!).item()).toBe(3);
  });
});
