import fc from "fast-check";
import { expect, test } from "vitest";
import { cat, random, scope, type Tensor, tensor, zeros } from "../../tensor/index.ts";
import { ari } from "../metrics/index.ts";
import { elasticNet } from "./elastic-net.ts";
import { ensc, representationAffinity, selfRepresentation } from "./index.ts";

/** Unit points near K random subspaces of dimension 3 in R¹⁶. */
function subspaces(n: number, K: number, noise: number): { Z: Tensor; labels: number[] } {
  const labels = Array.from({ length: n }, (_, i) => i % K);
  const bases = random(1).normal([K, 3, 16], { dtype: "float64" });
  const own = bases.indexSelect(0, tensor(BigInt64Array.from(labels, BigInt)));
  const inside = random(2).normal([n, 1, 3], { dtype: "float64" }).matmul(own).squeeze(1);
  const Z = inside.add(random(3).normal([n, 16], { dtype: "float64" }).mul(noise));
  return { Z: Z.div(Z.norm([1], true)), labels };
}

/** By how much C breaks the optimality conditions, as a share of λ. */
function violation(Z: Tensor, C: Tensor, gamma: number, tau: number): number {
  return scope(() => {
    const X = Z.to("float64");
    const products = X.matmul(X.T);
    products.diagonal().fill_(0);
    const l1 = products.abs().max([1], true).div(gamma).clamp(1e-300); //             α τ
    const slopes = X.sub(C.matmul(X))
      .matmul(X.T)
      .sub(C.mul(l1).mul((1 - tau) / tau));
    slopes.diagonal().fill_(0);
    const used = C.ne(0).to("float64");
    const atZero = slopes.abs().div(l1).sub(1).clamp(0).mul(used.neg().add(1));
    const elsewhere = slopes.div(l1).sub(C.sign()).abs().mul(used);
    return Math.max(atZero.max().item(), elsewhere.max().item());
  });
}

test.each([
  [300, 1, 100],
  [20, 1, 10],
  [300, 0.6, 100],
  [300, 1, 1],
])("gamma %i, tau %f, support %i: the conditions of the minimum hold", (gamma, tau, support) => {
  scope(() => {
    const { Z } = subspaces(120, 4, 0.1);
    const C = selfRepresentation(Z, { gamma, tau, support });
    expect(C.diagonal().abs().max().item()).toBe(0);
    expect(C.ne(0).sum([1]).min().item()).toBeGreaterThan(0);
    expect(violation(Z, C, gamma, tau)).toBeLessThan(1e-5);
  });
});

test("more points than fit into a block, in single precision, with repeated and zero points", () => {
  scope(() => {
    const { Z } = subspaces(270, 3, 0.1);
    const all = cat([Z, Z.narrow(0, 0, 20), zeros([2, 16], { dtype: "float64" })]).to("float32");
    const C = selfRepresentation(all);
    expect(violation(all, C, 300, 1)).toBeLessThan(1e-5);
    expect(C.narrow(0, 290, 2).abs().max().item()).toBe(0);
    const twin = C.select(0, 0);
    expect(twin.argmax().item()).toBe(270); // a copy alone explains a point
    expect(twin.ne(0).sum().item()).toBe(1);
  });
});

test("the solver agrees with many steps of proximal descent", () => {
  const numbers = (length: number) =>
    fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: length, maxLength: length });
  const problem = fc.record({
    A: numbers(24),
    b: numbers(6),
    start: numbers(6),
    l1: fc.constantFrom(0.05, 1),
  });
  fc.assert(
    fc.property(problem, ({ A, b, start, l1 }) => {
      const H = new Float64Array(36); // of rank 4
      for (let i = 0; i < 36; i++)
        for (let k = 0; k < 4; k++) H[i]! += A[4 * Math.floor(i / 6) + k]! * A[4 * (i % 6) + k]!;
      const l2 = 0.1;
      const objective = (c: ArrayLike<number>) => {
        let sum = 0;
        for (let i = 0; i < 6; i++) {
          sum += l1 * Math.abs(c[i]!) + (l2 / 2) * c[i]! ** 2 - b[i]! * c[i]!;
          for (let j = 0; j < 6; j++) sum += 0.5 * c[i]! * H[6 * i + j]! * c[j]!;
        }
        return sum;
      };
      const found = Float64Array.from(start);
      elasticNet(H, Float64Array.from(b), found, { l1, l2 });
      const length = l2 + H.reduce((sum, h, i) => sum + (i % 7 === 0 ? h : 0), 0); // trace: above ‖H‖
      let c = new Float64Array(6);
      for (let step = 0; step < 500; step++)
        c = c.map((value, i) => {
          let slope = (l2 * value) - b[i]!; // biome-ignore format: a sum
          for (let j = 0; j < 6; j++) slope += H[6 * i + j]! * c[j]!;
          const next = value - slope / length;
          return Math.sign(next) * Math.max(Math.abs(next) - l1 / length, 0);
        });
      expect(objective(found)).toBeLessThanOrEqual(objective(c) + 1e-9);
    }),
    { seed: 1, numRuns: 100 },
  );
});

test("subspaces are clustered, their affinity is symmetric and mostly inside them", () => {
  scope(() => {
    const { Z, labels } = subspaces(200, 4, 0.02);
    expect(ari(labels, ensc(Z, { clusters: 4, random: random(5) }).numbers())).toBeGreaterThan(0.97);
    const affinity = representationAffinity(selfRepresentation(Z));
    expect(affinity.sub(affinity.T).abs().max().item()).toBe(0);
    const own = tensor(labels);
    const inside = affinity.mul(own.unsqueeze(0).eq(own.unsqueeze(1)).to("float64"));
    expect(inside.sum().item() / affinity.sum().item()).toBeGreaterThan(0.8);
  });
});

test("what does not fit is said", () => {
  scope(() => {
    const Z = random(1).normal([5, 2]);
    expect(() => selfRepresentation(Z, { gamma: 0 })).toThrow("ensc: expected gamma above 0, got 0");
    expect(() => selfRepresentation(Z, { tau: 0 })).toThrow("expected 0 < tau ≤ 1, got 0");
    expect(() => selfRepresentation(Z, { support: 0 })).toThrow("expected support from 1 on, got 0");
    expect(() => selfRepresentation(Z.narrow(0, 0, 1))).toThrow("at least 2 points, got 1");
    expect(() => ensc(Z, { clusters: 6, random: random(1) })).toThrow(
      "clusters from 1 to the 5 points, got 6",
    );
    expect(() => ensc(Z.div(0), { clusters: 2, random: random(1) })).toThrow("expected finite numbers");
  });
});
