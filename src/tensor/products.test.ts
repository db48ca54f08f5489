/** @file Products of single precision: equal to those of double, whichever library computes them here. */

import { expect, it } from "vitest";
import { expectClose } from "../../test/close.ts";
import { aten } from "./aten.ts";
import { gradients } from "./autograd.ts";
import { random } from "./random.ts";
import { scope } from "./scope.ts";
import type { Tensor } from "./tensor.ts";

const wide = (x: Tensor) => x.detach().to("float64");

// both sides of the size from which products may go to another library
const SIZES = [
  [3, 4, 5],
  [100, 64, 64],
  [512, 96, 80],
];

it.each(SIZES)("multiplies matrices of any stride: [%i, %i] [%i]", (m, k, n) => {
  scope(() => {
    const a = random(1).normal([m!, k!]);
    const b = random(2).normal([k!, n!]);
    const expected = wide(a).matmul(wide(b));
    expectClose(a.matmul(b), expected);
    expectClose(a.T.contiguous().T.matmul(b.T.contiguous().T), expected);
    const every = random(3).normal([m!, 2 * k!]);
    const part = every.narrow(1, 1, k!); // rows further apart than they are long
    expectClose(part.matmul(b), wide(part).matmul(wide(b)));
  });
});

it.each(SIZES)("adds a bias, by row or by entry: [%i, %i] [%i]", (m, k, n) => {
  scope(() => {
    const [x, W] = [random(1).normal([m!, k!]), random(2).normal([n!, k!])];
    const product = wide(x).matmul(wide(W).T);
    const bias = random(3).normal([n!]);
    expectClose(x.linear(W, bias), product.add(wide(bias)));
    const whole = random(4).normal([m!, n!]);
    expectClose(aten("addmm", whole, x, W.T), product.add(wide(whole)));
    const scaled = aten("addmm", whole, x, W.T, { beta: 0.5, alpha: -2 });
    expectClose(scaled, product.mul(-2).add(wide(whole).mul(0.5)));
  });
});

it("multiplies batches, and knows the gradients", () => {
  scope(() => {
    const a = random(1).normal([6, 70, 40]).setRequiresGrad();
    const b = random(2).normal([6, 40, 50]).setRequiresGrad();
    const [A, B] = [wide(a).setRequiresGrad(), wide(b).setRequiresGrad()];
    expectClose(a.matmul(b), A.matmul(B));
    const ours = gradients(a.matmul(b).square().sum(), [a, b]);
    gradients(A.matmul(B).square().sum(), [A, B]).forEach((expected, i) => {
      expectClose(ours[i]!, expected);
    });
  });
});

it("takes empty matrices, and refuses those that do not fit, with their shapes", () => {
  scope(() => {
    const empty = random(1)
      .normal([0, 5])
      .matmul(random(2).normal([5, 3]));
    expect(empty.shape).toEqual([0, 3]);
    const [a, b] = [random(1).normal([200, 100]), random(2).normal([90, 100])];
    expect(() => a.matmul(b)).toThrow(/mat1 and mat2 shapes cannot be multiplied \(200x100 and 90x100\)/);
  });
});
