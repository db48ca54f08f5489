import fc from "fast-check";
import { expect, test } from "vitest";
import { expectClose } from "../../test/close.ts";
import { byLogdet, close, normal, parameter, rotation } from "../../test/rates.ts";
import {
  arange,
  autocast,
  cat,
  eye,
  gradients,
  PrecisionError,
  random,
  scope,
  stack,
  type Tensor,
  tensor,
  zeros,
} from "../tensor/index.ts";
import {
  codingRate,
  halfLogDet,
  logDet1p,
  rateAgainstMemberships,
  rateAgainstSubspaces,
  rateReduction,
  sparseRateReduction,
} from "./index.ts";

/** Memberships of n samples in c classes, one-hot. */
const oneHot = (n: number, c: number): Tensor =>
  arange(n).remainder(c).unsqueeze(1).eq(arange(c)).to("float64");

test("E1: both sides of the identity, d × d and n × n, are equal to 1e-10", () => {
  for (const [n, d] of [
    [5, 12],
    [12, 5],
    [7, 7],
    [150, 130],
    [130, 150],
    [1, 4],
    [4, 1],
  ] as const)
    scope(() => {
      const Z = normal("Z", [n, d]);
      const R = codingRate(Z, { epsilon: 0.5 }).item();
      const alpha = d / (n * 0.25);
      close(R, byLogdet(Z, alpha).item());
      close(R, byLogdet(Z.T, alpha).item());
    });
});

test("E4: rotating features and bases together changes no rate; the number of non-zeros changes", () => {
  scope(() => {
    const [Z, Q] = [normal("Z", [10, 6]).relu(), rotation("Q", 6)];
    const U = stack([rotation("U0", 6, 2), rotation("U1", 6, 2)]);
    close(codingRate(Z.matmul(Q), { epsilon: 0.5 }).item(), codingRate(Z, { epsilon: 0.5 }).item());
    close(
      rateAgainstSubspaces(Z.matmul(Q), Q.T.matmul(U), { epsilon: 0.5 }).item(),
      rateAgainstSubspaces(Z, U, { epsilon: 0.5 }).item(),
    );
    close(
      rateReduction(Z.matmul(Q), oneHot(10, 2), { epsilon: 0.5 }).item(),
      rateReduction(Z, oneHot(10, 2), { epsilon: 0.5 }).item(),
    );
    expect(Z.matmul(Q).ne(0).sum().item()).toBeGreaterThan(Z.ne(0).sum().item());
    const order = random(2).permutation(10);
    close(
      codingRate(Z.indexSelect(0, order), { epsilon: 0.5 }).item(),
      codingRate(Z, { epsilon: 0.5 }).item(),
    ); // samples have no order either
  });
});

test("closed forms: one sample, a unit matrix, equal tokens, orthonormal tokens", () => {
  scope(() => {
    close(
      codingRate(tensor([[3, 4]], { dtype: "float64" }), { epsilon: 1 }).item(),
      0.5 * Math.log(1 + 2 * 25),
    );
    close(codingRate(eye(2, { dtype: "float64" }), { epsilon: 1 }).item(), Math.log(2));
    close(codingRate(zeros([4, 3], { dtype: "float64" }), { epsilon: 0.5 }).item(), 0);
    const equal = tensor([[0.6, 0.8, 0]], { dtype: "float64" }).expand([50, 3]);
    close(halfLogDet(equal, 3 / (50 * 0.01)).item(), 0.5 * Math.log(1 + 3 / 0.01));
    const few = rotation("few", 16, 4).T; // 4 orthonormal tokens in 16 dimensions
    close(halfLogDet(few, 16 / (4 * 0.01)).item(), 0.5 * 4 * Math.log(1 + 16 / (4 * 0.01)));
  });
});

test("a class without samples contributes 0, and its column has a finite gradient", () => {
  scope(() => {
    const Z = parameter(normal("Z", [8, 3]));
    const two = oneHot(8, 2);
    const three = parameter(cat([two, zeros([8, 1], { dtype: "float64" })], 1).detach());
    close(
      rateAgainstMemberships(Z, three, { epsilon: 0.5 }).item(),
      rateAgainstMemberships(Z, two, { epsilon: 0.5 }).item(),
    );
    const [inZ, inPi] = gradients(rateAgainstMemberships(Z, three, { epsilon: 0.5 }), [Z, three]) as [
      Tensor,
      Tensor,
    ];
    expectClose(inZ, gradients(rateAgainstMemberships(Z, two, { epsilon: 0.5 }), [Z])[0]!);
    expect(inPi.isFinite().all().item()).toBe(1);
  });
});

test("ΔR ≥ 0 for memberships that sum to 1; one class reduces nothing", () => {
  const sizes = fc.tuple(
    fc.integer({ min: 2, max: 12 }),
    fc.integer({ min: 1, max: 6 }),
    fc.integer({ min: 1, max: 4 }),
  );
  fc.assert(
    fc.property(sizes, fc.nat(1000), ([n, d, c], seed) => {
      scope(() => {
        const stream = random(seed);
        const Z = stream.at("Z").normal([n, d], { dtype: "float64" });
        const Pi = stream.at("Pi").normal([n, c], { dtype: "float64" }).mul(3).softmax(1);
        expect(rateReduction(Z, Pi, { epsilon: 0.5 }).item()).toBeGreaterThanOrEqual(-1e-12);
        close(rateReduction(Z, zeros([n, 1], { dtype: "float64" }).add(1), { epsilon: 0.5 }).item(), 0);
      });
    }),
    { seed: 7, numRuns: 40 },
  );
});

test("sparse rate reduction is the sum of its parts", () => {
  scope(() => {
    const [Z, U] = [normal("Z", [2, 5, 4]), normal("U", [2, 4, 2])];
    const parts = codingRate(Z, { epsilon: 0.5 })
      .sub(rateAgainstSubspaces(Z, U, { epsilon: 0.5 }))
      .sub(Z.abs().sum([1, 2]).mul(0.3));
    expectClose(sparseRateReduction(Z, U, { epsilon: 0.5, lambda: 0.3 }), parts);
  });
});

test("a batch is the loop over its matrices, whatever its strides", () => {
  scope(() => {
    const base = normal("base", [3, 7, 2, 5]); // [b, n, K, p], as a layer has it
    const W = parameter(base.transpose(1, 2).detach()); // [b, K, n, p], not contiguous
    const rates = halfLogDet(W, 0.6);
    const [gradient] = gradients(rates.sum(), [W]) as [Tensor];
    expect([rates.shape, gradient.shape]).toEqual([
      [3, 2],
      [3, 2, 7, 5],
    ]);
    for (const b of [0, 1, 2])
      for (const k of [0, 1]) {
        const one = parameter(W.detach().select(0, b).select(0, k).contiguous());
        const rate = halfLogDet(one, 0.6);
        close(rates.select(0, b).select(0, k).item(), rate.item());
        expectClose(gradient.select(0, b).select(0, k), gradients(rate, [one])[0]!);
      }
    expectClose(halfLogDet(W.T, 0.6), rates); // the transpose has the same rate
    const wide = parameter(normal("e", [1, 6, 4]));
    const [shared] = gradients(halfLogDet(wide.expand([5, 6, 4]), 0.6).sum(), [wide]) as [Tensor];
    expectClose(shared, gradients(halfLogDet(wide, 0.6).sum(), [wide])[0]!.mul(5));
    expect(halfLogDet(zeros([0, 3, 2]), 1).shape).toEqual([0]);
  });
});

test.each([
  ["float32", 2e-6, 2e-5],
  ["bfloat16", 2e-6, 8e-3],
] as const)("%s: the rate to %d, the gradient to %d of float64's", (dtype, forRate, forGradient) => {
  for (const shape of [
    [4, 200, 32],
    [4, 32, 200],
    [2, 300, 130],
  ])
    scope(() => {
      const W = parameter(normal("W", shape).to(dtype).detach());
      const exact = parameter(W.detach().to("float64"));
      const [ours, theirs] = [halfLogDet(W, 0.5), halfLogDet(exact, 0.5)];
      expect([ours.dtype, gradients(ours.sum(), [W], { retainGraph: true })[0]!.dtype]).toEqual([
        "float32",
        dtype,
      ]);
      expectClose(ours, theirs, forRate);
      expectClose(gradients(ours.sum(), [W])[0]!, gradients(theirs.sum(), [exact])[0]!, forGradient);
    });
});

test("autocast leaves rates as they are: every Gram matrix stays wide", () => {
  scope(() => {
    const Z = parameter(random(3).normal([64, 16]));
    const Pi = oneHot(64, 4).to("float32");
    const G = Z.T.matmul(Z).detach();
    const all = () => [
      codingRate(Z, { epsilon: 0.5 }),
      rateAgainstMemberships(Z, Pi, { epsilon: 0.5 }),
      logDet1p(G),
    ];
    const plain = all();
    const inside = autocast("bfloat16", "cpu", all);
    expect(inside.map((rate) => rate.numbers())).toEqual(plain.map((rate) => rate.numbers()));
    const [gradient] = gradients(plain[0]!, [Z]) as [Tensor];
    const under = autocast("bfloat16", "cpu", () => gradients(inside[0]!, [Z])[0]!);
    expect(under.numbers()).toEqual(gradient.numbers());
  });
});

test("nothing is added to a diagonal: near to singular is exact, what is not definite is an error", () => {
  scope(() => {
    const V = rotation("V", 3); // I + G with eigenvalues 1, 1 and the least
    const near = (least: number): Tensor =>
      V.matmul(
        tensor([0, 0, least - 1], { dtype: "float64" })
          .unsqueeze(1)
          .mul(V.T),
      );
    close(logDet1p(near(1e-3)).item(), Math.log(1e-3), 1e-9);
    close(logDet1p(near(1e-7)).item(), Math.log(1e-7), 1e-7);
    for (const least of [-1e-7, -2])
      expect(() => logDet1p(stack([near(1e-3), near(least)]))).toThrow(
        /^logdet1p: matrix 1 of 2, I \+ G with d = 3 and tr G = -[^\n]+, is not positive definite in float64; [^\n]+; given \[2, 3, 3\] float64$/,
      );
    expect(() => logDet1p(near(-2).to("float32"))).toThrow(PrecisionError);
  });
});

test("what is not finite gives a rate that is not, for that matrix alone, and raises nothing", () => {
  scope(() => {
    const W = normal("W", [3, 6, 4]);
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const spoilt = W.clone();
      spoilt.select(0, 1).select(0, 2).fill_(bad);
      const rates = halfLogDet(spoilt, 0.5).numbers();
      expect(rates.map(Number.isFinite)).toEqual([true, false, true]);
      if (Number.isNaN(bad)) expect(rates[1]).toBeNaN();
      close(rates[2]!, halfLogDet(W.select(0, 2), 0.5).item());
    }
  });
});

test("misuse is told in one line", () => {
  scope(() => {
    const Z = normal("Z", [4, 3]);
    expect(() => codingRate(Z, { epsilon: 0 })).toThrow("epsilon: expected ε > 0, got 0");
    expect(() => codingRate(Z, {} as never)).toThrow("epsilon: expected ε > 0, got undefined");
    expect(() => codingRate(Z, { epsilon: Number.NaN })).toThrow("epsilon: expected ε > 0, got NaN");
    expect(() => halfLogDet(Z, -1)).toThrow(/^coding_rate: coding_rate expects alpha > 0, got -1[^\n]*$/);
    expect(() => halfLogDet(Z.select(0, 0), 1)).toThrow(/expects a matrix or a batch of matrices, got 1 dim/);
    expect(() => halfLogDet(arange(4).reshape([2, 2]), 1)).toThrow(/expects floating point, got Long/);
    expect(() => logDet1p(Z)).toThrow(/expects square matrices, got \[4, 3\]/);
  });
});
