import { expect, test } from "vitest";
import { aten, eye, random, scope, type Tensor, tensor, zeros } from "../../tensor/index.ts";
import { ari } from "../metrics/index.ts";
import { clusterRows, spectralClustering, spectralEmbedding } from "./index.ts";
import { leadingEigen } from "./leading-eigen.ts";

/** Points on K random planes through 0 in R²⁰. */
function planes(n: number, K: number, seed: number): { Z: Tensor; labels: number[] } {
  const labels = Array.from({ length: n }, (_, i) => i % K);
  const bases = random(seed).normal([K, 2, 20], { dtype: "float64" });
  const own = bases.indexSelect(0, tensor(BigInt64Array.from(labels, BigInt)));
  const Z = random(seed + 1)
    .normal([n, 1, 2], { dtype: "float64" })
    .matmul(own)
    .squeeze(1);
  return { Z: Z.div(Z.norm([1], true)), labels };
}

/** Eigenvalues of I − L from the definition, falling. */
function reference(A: Tensor): number[] {
  const S = A.add(A.T)
    .div(2)
    .mul(eye(A.size(0)).neg().add(1));
  const scale = S.sum([1]).rsqrt();
  const values = aten("linalg_eigvalsh", S.mul(scale).mul(scale.unsqueeze(1)).to("float64"));
  return values.flip([0]).numbers();
}

test("planes are told apart by powers of cosines", () => {
  scope(() => {
    const { Z, labels } = planes(300, 4, 1);
    const affinity = Z.matmul(Z.T).abs().pow(8);
    const assigned = spectralClustering(affinity, { clusters: 4, random: random(2) });
    expect(ari(labels, assigned.numbers())).toBeGreaterThan(0.95);
  });
});

test.each([60, 500])("eigenvalues of %i points are those of the definition", (n) => {
  scope(() => {
    const A = random(3).uniform([n, n], 0, 1, { dtype: "float64" }).pow(3); // not symmetric
    const { values, vectors } = spectralEmbedding(A, { count: 7, random: random(4) });
    const expected = reference(A);
    values.numbers().forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i]!, 9);
    });
    expect(values.numbers()[0]).toBeCloseTo(1, 12);
    expect(vectors.T.matmul(vectors).sub(eye(7)).abs().max().item()).toBeLessThan(1e-9);
  });
});

test("the Krylov space finds the pairs of a matrix whose spectrum is known, repeated ones too", () => {
  scope(() => {
    const n = 600;
    const [Q] = aten<[Tensor, Tensor]>("linalg_qr", random(5).normal([n, n], { dtype: "float64" }));
    const known = Array.from({ length: n }, (_, i) => (i < 3 ? 1 : i < 6 ? 0.9 - i / 100 : 0.5 - i / n));
    const N = Q.mul(tensor(known, { dtype: "float64" })).matmul(Q.T);
    const { values, vectors } = leadingEigen(N, 6, random(6));
    values.numbers().forEach((value, i) => {
      expect(value).toBeCloseTo(known[i]!, 10);
    });
    const residual = N.matmul(vectors).sub(vectors.mul(values)).norm([0]).max().item();
    expect(residual).toBeLessThan(1e-8);
  });
});

test("eigenvalues that lie close end at the dense decomposition", () => {
  scope(() => {
    const n = 420;
    const known = Array.from({ length: n }, (_, i) => 1 - 1e-7 * i);
    const { values } = leadingEigen(aten("diag", tensor(known, { dtype: "float64" })), 5, random(6));
    values.numbers().forEach((value, i) => {
      expect(value).toBeCloseTo(known[i]!, 12);
    });
  });
});

test("each component has an eigenvalue of 1, a point without affinities is one", () => {
  scope(() => {
    const A = zeros([9, 9]);
    A.narrow(0, 0, 4).narrow(1, 0, 4).fill_(1);
    A.narrow(0, 4, 4).narrow(1, 4, 4).fill_(2);
    const { values } = spectralEmbedding(A, { count: 4, random: random(1) });
    const [a, b, c, d] = values.numbers();
    expect([a, b, c].map((value) => value!.toFixed(12))).toEqual(Array(3).fill("1.000000000000"));
    expect(d).toBeCloseTo(-1 / 3, 12); // of a full graph of four
    const assigned = spectralClustering(A, { clusters: 3, random: random(1) }).numbers();
    expect(ari([0, 0, 0, 0, 1, 1, 1, 1, 2], assigned)).toBe(1);
  });
});

test("the diagonal counts for nothing, and one embedding serves several clusterings", () => {
  scope(() => {
    const { Z } = planes(80, 2, 7);
    const affinity = Z.matmul(Z.T).abs().pow(4);
    const count = { count: 2, random: random(1) };
    const { values, vectors } = spectralEmbedding(affinity, count);
    const heavy = spectralEmbedding(affinity.add(eye(80).mul(50)), count);
    expect(heavy.values.sub(values).abs().max().item()).toBeLessThan(1e-12);
    const [a, b] = [1, 2].map((seed) =>
      clusterRows(vectors, { clusters: 2, random: random(seed) }).numbers(),
    );
    expect(ari(a!, b!)).toBe(1);
  });
});

test("bad affinities are refused", () => {
  scope(() => {
    const options = { clusters: 2, random: random(1) };
    const refused = (A: Tensor, clusters = 2) =>
      expect(() => spectralClustering(A, { ...options, clusters }));
    refused(zeros([3, 4])).toThrow("spectral: expected a square affinity [n, n], got [3, 4] float32");
    refused(eye(3).mul(-2)).toThrow("expected affinities from 0 on, got -2");
    refused(eye(3).div(0)).toThrow("expected finite numbers");
    refused(eye(3), 4).toThrow("expected clusters from 1 to the 3 points, got 4");
  });
});
