import { expect, test } from "vitest";
import { cat, full, memory, random, scope, type Tensor, tensor, zeros } from "../../tensor/index.ts";
import { ari } from "../metrics/index.ts";
import { kMeans } from "./index.ts";
import { descend } from "./lloyd.ts";

/** n points around K corners of a cube, `spread` apart from them. */
function blobs(n: number, K: number, d: number, spread: number): { Z: Tensor; labels: number[] } {
  const labels = Array.from({ length: n }, (_, i) => i % K);
  const corners = random(1).normal([K, d]).mul(3);
  const own = tensor(BigInt64Array.from(labels, BigInt));
  return { Z: corners.indexSelect(0, own).add(random(2).normal([n, d]).mul(spread)), labels };
}

/** Plain Lloyd in numbers, one restart, from given centres. */
function lloyd(points: number[][], centres: number[][]): { assigned: number[]; inertia: number } {
  for (let assigned: number[] = []; ; ) {
    const distance = (x: number[], c: number[]) => x.reduce((sum, v, j) => sum + (v - c[j]!) ** 2, 0);
    const all = points.map((x) => centres.map((c) => distance(x, c)));
    const next = all.map((row) => row.indexOf(Math.min(...row)));
    if (next.every((k, i) => k === assigned[i]))
      return { assigned, inertia: all.reduce((sum, row) => sum + Math.min(...row), 0) };
    assigned = next;
    centres = centres.map((_, k) => {
      const own = points.filter((_, i) => assigned[i] === k);
      return own[0]!.map((_, j) => own.reduce((sum, x) => sum + x[j]!, 0) / own.length);
    });
  }
}

test("separate groups are found, with their means as centres", () => {
  scope(() => {
    const { Z, labels } = blobs(600, 6, 8, 0.2);
    const { assigned, centres, inertia } = kMeans(Z, { clusters: 6, random: random(3) });
    expect(ari(labels, assigned.numbers())).toBe(1);
    expect(assigned.dtype).toBe("int64");
    for (let k = 0; k < 6; k++) {
      const own = Z.index([assigned.eq(k)]);
      expect(own.mean(0).sub(centres.select(0, k)).abs().max().item()).toBeLessThan(1e-5);
    }
    const rest = Z.sub(centres.indexSelect(0, assigned)).square().sum().item();
    expect(inertia / rest).toBeCloseTo(1, 5);
  });
});

test("a restart goes where plain iterations in numbers go", () => {
  scope(() => {
    const Z = random(4).normal([90, 3], { dtype: "float64" });
    const options = { clusters: 5, random: random(5), restarts: 1, tolerance: 0 };
    const { assigned, centres, inertia } = kMeans(Z, options);
    const again = lloyd(Z.toArray() as number[][], centres.toArray() as number[][]);
    expect(assigned.numbers()).toEqual(again.assigned); // a fixed point
    expect(inertia).toBeCloseTo(again.inertia, 9);
  });
});

test("more restarts are never worse, and the best is near scikit-learn's", () => {
  scope(() => {
    // scikit-learn 1.2.1, KMeans(7, n_init=600): the best inertia of these points
    const points = Array.from({ length: 200 }, (_, i) =>
      Array.from({ length: 3 }, (_, j) => Math.sin(1 + 7.3 * i + 13.7 * j + ((i * i) % 11))),
    );
    const Z = tensor(points, { dtype: "float64" });
    const at = (restarts: number) => kMeans(Z, { clusters: 7, random: random(6), restarts }).inertia;
    const best = at(50);
    expect(best).toBeLessThanOrEqual(at(1));
    expect(best / 18.365574836469115).toBeCloseTo(1, 2);
    expect(at(50)).toBe(best);
  });
});

test("points far from 0 keep their digits", () => {
  scope(() => {
    const { Z, labels } = blobs(300, 3, 4, 0.1);
    const { assigned } = kMeans(Z.add(3000), { clusters: 3, random: random(3) });
    expect(ari(labels, assigned.numbers())).toBe(1);
  });
});

test("more clusters than distinct points leave some empty, as many as points none", () => {
  scope(() => {
    const Z = cat([zeros([5, 2]), full([5, 2], 1), full([5, 2], 9)]);
    const { assigned, inertia } = kMeans(Z, { clusters: 5, random: random(1) });
    expect(inertia).toBeCloseTo(0, 9);
    const groups = assigned.numbers();
    expect(new Set(groups).size).toBe(3);
    for (let i = 0; i < 15; i++) expect(groups[i]).toBe(groups[i - (i % 5)]);
    const X = random(2).normal([12, 2]);
    expect(new Set(kMeans(X, { clusters: 12, random: random(1) }).assigned.numbers()).size).toBe(12);
    expect(
      kMeans(X, { clusters: 1, random: random(1) })
        .centres.sub(X.mean(0))
        .abs()
        .max()
        .item(),
    ).toBeLessThan(1e-6);
  });
});

test("a centre that loses its points goes on at the farthest point", () => {
  scope(() => {
    const X = tensor([[0, 0], [0, 1], [9, 9], [9, 8], [-30, 0]]); // biome-ignore format: points
    const seeds = tensor([[[0, 0], [9, 9], [500, 500]]]); // biome-ignore format: points
    const ends = descend(X, X.square().sum([1]), seeds, { iterations: 20, least: 0 });
    expect(ends.toArray()).toEqual([[[0, 0.5], [9, 8.5], [-30, 0]]]); // biome-ignore format: points
  });
});

test("what does not fit is said, and nothing is left in memory", () => {
  const before = memory().tensors;
  scope(() => {
    const Z = zeros([4, 2]);
    const options = { clusters: 5, random: random(1) };
    expect(() => kMeans(Z, options)).toThrow("k-means: expected clusters from 1 to the 4 points, got 5");
    expect(() => kMeans(Z, { ...options, clusters: 1.5 })).toThrow("got 1.5");
    expect(() => kMeans(Z, { ...options, clusters: 2, restarts: 0 })).toThrow("expected restarts");
    expect(() => kMeans(Z, { ...options, clusters: 2, tolerance: -1 })).toThrow("expected tolerance");
    expect(() => kMeans(Z.select(0, 0), options)).toThrow("expected points [n, d], got [2] float32");
    expect(() => kMeans(Z.div(0), { ...options, clusters: 2 })).toThrow("expected finite numbers");
    kMeans(Z, { ...options, clusters: 2 });
  });
  expect(memory().tensors).toBe(before);
});
