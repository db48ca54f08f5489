import fc from "fast-check";
import { expect, test } from "vitest";
import { expectClose } from "../../test/close.ts";
import { bySingularValues, close, parameter } from "../../test/rates.ts";
import {
  arange,
  aten,
  cat,
  gradients,
  memory,
  ones,
  PrecisionError,
  random,
  scope,
  type Tensor,
} from "../tensor/index.ts";
import {
  authorsLayerRate,
  binaryObjective,
  codingLength,
  codingRate,
  halfLogDet,
  heldClasses,
  incrementalDecoderObjective,
  incrementalEncoderObjective,
  logDet1p,
  mcr2Loss,
  meanTcrLoss,
  mlcLoss,
  multiObjective,
  nmceLoss,
  paperLayerRate,
  rateAgainstAffinity,
  rateAgainstClasses,
  rateAgainstMemberships,
  rateAgainstSubspaces,
  rateReduction,
  segments,
  sparseRateReduction,
  tcrLoss,
} from "./index.ts";

/** n tokens of one direction in d dimensions, of length s, in single precision. */
const equal = (n: number, d: number, s: number): Tensor => {
  const u = random(1).normal([1, d]);
  return ones([n, 1]).matmul(u.div(u.norm())).mul(s);
};

/** n tokens in r of d dimensions, each of length s. */
function lowRank(name: string, n: number, d: number, r: number, s: number): Tensor {
  const stream = random(2).at(name);
  const Z = stream
    .at("a")
    .normal([n, r])
    .matmul(stream.at("b").normal([r, d]));
  return Z.div(Z.norm(-1, true)).mul(s);
}

test.each([
  [65, 64],
  [17, 300],
  [1, 5],
  [300, 1],
])(
  "%d equal tokens in %d dimensions: ½ ln(1 + d s²/ε²) and d/(n ε²) z/(1 + d s²/ε²), whatever their length",
  (n, d) => {
    for (const s of [1e-3, 0.1, 1, 30, 100, 1000])
      scope(() => {
        const Z = parameter(equal(n, d, s).detach());
        const rate = codingRate(Z, { epsilon: 0.5 });
        const [gradient] = gradients(rate, [Z]) as [Tensor];
        const z = Z.detach().to("float64");
        const t = (z.square().sum().item() * 4 * d) / n;
        expect([rate.dtype, gradient.dtype]).toEqual(["float32", "float32"]);
        expect(Math.abs(rate.item() / (Math.log1p(t) / 2) - 1), `length ${s}`).toBeLessThan(2e-5);
        expectClose(gradient, z.mul((4 * d) / n / (1 + t)), 1e-4);
      });
  },
);

test("a layer norm's output, equal and long, has its rate", () => {
  scope(() => {
    for (const [s, rate] of [
      [30, 7.4162],
      [100, 8.6202],
    ] as const)
      expect(codingRate(equal(785, 768, s), { epsilon: 0.5 }).item()).toBeCloseTo(rate, 3);
  });
});

test("the rate and its gradient are those of the singular values, in every shape, rank and length", () => {
  const shape = fc.tuple(fc.integer({ min: 1, max: 48 }), fc.integer({ min: 1, max: 48 }));
  const length = fc.double({ min: -3, max: 3, noNaN: true }).map((power) => 10 ** power);
  fc.assert(
    fc.property(shape, fc.nat(47), length, fc.nat(1000), ([n, d], r, s, seed) => {
      scope(() => {
        const W = parameter(lowRank(String(seed), n, d, 1 + (r % Math.min(n, d)), s).detach());
        const alpha = d / (n * 0.25);
        const rate = halfLogDet(W, alpha);
        const expected = bySingularValues(W.detach(), alpha);
        close(rate.item() / expected.rate, 1, 1e-4);
        expectClose(gradients(rate, [W])[0]!, expected.gradient, 1e-4);
      });
    }),
    { seed: 1, numRuns: 150 },
  );
});

const [n, d, K] = [24, 12, 3];
const labels = () => arange(n).remainder(K);
const Pi = (dtype: Tensor["dtype"], c: number) => random(3).normal([n, c]).mul(2).softmax(1).to(dtype);
const U = (dtype: Tensor["dtype"]) => random(4).normal([K, d, 4]).to(dtype);
const both = (Z: Tensor): [Tensor, Tensor] => [Z, Z.flip([0]).mul(0.5)];
const closedLoop = { classes: K, fresh: [K - 1], held: heldClasses(K, 1, "paper"), lambda: 2, epsilon: 1 };

const RATES: Record<string, (Z: Tensor) => Tensor> = {
  codingRate: (Z) => codingRate(Z, { epsilon: 0.5 }),
  "codingRate of a batch": (Z) => codingRate(aten("stack", [Z, Z.mul(0.01)]), { epsilon: 0.5 }),
  logDet1p: (Z) => logDet1p(Z.to("float64").T.matmul(Z.to("float64"))),
  rateAgainstSubspaces: (Z) => rateAgainstSubspaces(Z, U(Z.dtype), { epsilon: 0.5 }),
  sparseRateReduction: (Z) => sparseRateReduction(Z, U(Z.dtype), { epsilon: 0.5 }),
  paperLayerRate: (Z) => paperLayerRate(Z.unsqueeze(0), U(Z.dtype), { epsilon: 0.5 }),
  authorsLayerRate: (Z) => authorsLayerRate(Z.reshape([1, 2, n / 2, d]), 0.01),
  rateAgainstMemberships: (Z) => rateAgainstMemberships(Z, Pi(Z.dtype, K), { epsilon: 0.5 }),
  rateReduction: (Z) => rateReduction(Z, Pi(Z.dtype, K), { epsilon: 0.5 }),
  rateAgainstAffinity: (Z) => rateAgainstAffinity(Z, Pi(Z.dtype, n), { epsilon: 0.5 }),
  mlcLoss: (Z) => mlcLoss(Z, Pi(Z.dtype, n), { epsilon: Math.sqrt(0.1) }).loss,
  "mcr2Loss, shared Grams": (Z) => mcr2Loss(Z.narrow(1, 0, 6), labels(), K, { epsilon: Math.SQRT1_2 }).loss,
  "mcr2Loss, class by class": (Z) =>
    mcr2Loss(Z, arange(n).remainder(8), 8, { epsilon: Math.SQRT1_2, gamma1: 20 }).loss,
  rateAgainstClasses: (Z) => rateAgainstClasses(Z, segments(labels(), K), { epsilon: 0.5 }),
  multiObjective: (Z) =>
    multiObjective(...both(Z), labels(), { epsilon: Math.SQRT1_2, classes: K }).objective,
  binaryObjective: (Z) => binaryObjective(...both(Z), { epsilon: Math.SQRT1_2 }).objective,
  incrementalEncoderObjective: (Z) => incrementalEncoderObjective(...both(Z), labels(), closedLoop).objective,
  incrementalDecoderObjective: (Z) =>
    incrementalDecoderObjective(...both(Z), Z.mul(2), labels(), closedLoop).objective,
  codingLength: (Z) => codingLength(Z, labels(), K, { epsilon: Math.sqrt(0.1) }),
  tcrLoss: (Z) => tcrLoss(...both(Z), { epsilon: Math.sqrt(0.2), alignment: 0 }).loss,
  meanTcrLoss: (Z) => meanTcrLoss(...both(Z), { epsilon: Math.sqrt(0.1), alignment: 0 }).loss,
  nmceLoss: (Z) => nmceLoss(both(Z), [Pi(Z.dtype, K), Pi(Z.dtype, K)], { epsilon: Math.sqrt(0.2) }).loss,
};

test.each(Object.keys(RATES))(
  "%s: single precision is as good as double, however long and dependent",
  (name) => {
    const rate = RATES[name]!;
    for (const [r, s] of [
      [1, 1000],
      [3, 1000],
      [2, 30],
      [d, 300],
      [5, 1],
      [4, 1e-2],
    ] as const)
      scope(() => {
        const given = lowRank(name, n, d, r, s);
        const [single, double] = (["float32", "float64"] as const).map((dtype) => {
          const Z = parameter(given.to(dtype).detach());
          const value = rate(Z);
          return { value: value.detach(), gradient: gradients(value.sum(), [Z])[0]! };
        });
        const size = double!.value.abs().max().item();
        const where = `rank ${r}, length ${s}`;
        const off = single!.value.to("float64").sub(double!.value).abs().max().item();
        expect(off, where).toBeLessThan(1e-4 * size + 1e-5);
        const slope = double!.gradient.norm().item() + 0.1 / s; // of terms that may cancel
        expect(
          single!.gradient.to("float64").sub(double!.gradient).norm().item() / slope,
          where,
        ).toBeLessThan(1e-4);
      });
  },
);

test("the operator says where single precision has not the digits; typical tokens it takes as they are", () => {
  scope(() => {
    const rate = (Z: Tensor) => aten("vitrine::coding_rate", Z, Z.size(1) / (Z.size(0) * 0.25));
    for (const [n, d] of [
      [197, 192],
      [1000, 128],
      [64, 256],
      [2, 2],
    ] as const) {
      const Z = random(5).normal([n, d]);
      expect(Number.isFinite(rate(Z.div(Z.norm(-1, true))).item())).toBe(true);
    }
    expect(() => rate(equal(65, 64, 30))).toThrow(PrecisionError);
    expect(() => rate(equal(65, 64, 30))).toThrow(
      /^coding_rate: matrix 0 of 1, I \+ G with d = 64 and tr G = 2\.3e\+05, is too ill-conditioned for float32 \(condition about 2\.3e\+05\); [^\n]+; given \[65, 64\] float32$/,
    );
    expect(() => rate(equal(65, 64, 1e-5))).toThrow("too near to I for float32");
    expect(() => rate(equal(65, 64, 1e25))).toThrow("not finite in float32");
  });
});

test("what float64 has not the digits for is refused, and nothing is left behind", () => {
  scope(() => {
    const Z = parameter(equal(65, 64, 1e6).detach());
    const [two, one] = [arange(65).remainder(2), ones([65, 1])];
    const before = memory().tensors;
    expect(() => codingRate(Z, { epsilon: 0.5 })).toThrow(
      /^coding_rate: matrix 0 of 1, .* is too ill-conditioned for float64 \(condition about [\d.e+]+\); scale the features down/,
    );
    expect(() => mcr2Loss(Z, two, 2, { epsilon: Math.SQRT1_2 })).toThrow(PrecisionError);
    expect(() => rateAgainstMemberships(Z, one, { epsilon: 0.5 })).toThrow(PrecisionError);
    expect(memory().tensors).toBe(before);
    const wide = random(6).normal([400, 8]).mul(1e6); // as long, and spread
    expect(codingRate(wide, { epsilon: 0.5 }).item()).toBeCloseTo(
      codingRate(wide.to("float64"), { epsilon: 0.5 }).item(),
      3,
    );
  });
});

test("half precisions are widened, integers are not taken; a class without samples costs nothing", () => {
  scope(() => {
    const Z = lowRank("half", 20, 8, 2, 100).to("bfloat16");
    const rate = codingRate(Z, { epsilon: 0.5 });
    expect(rate.dtype).toBe("float32");
    expect(rate.item()).toBeCloseTo(codingRate(Z.to("float64"), { epsilon: 0.5 }).item(), 4);
    expect(() => codingRate(arange(6).reshape([2, 3]), { epsilon: 0.5 })).toThrow("expects floating point");
    const empty = cat([equal(3, 4, 1), ones([2, 4]).mul(0)]);
    expect(codingRate(aten("stack", [empty, empty.mul(0)]), { epsilon: 0.5 }).numbers()[1]).toBe(0);
  });
});
