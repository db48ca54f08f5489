/** @file Classifiers and clusters of features that lie on several processes, beside those of one process with all of them. */

import {
  accuracy,
  type Classifier,
  knn,
  leastSquares,
  nearestSubspace,
} from "../src/evaluate/classify/index.ts";
import { kMeans } from "../src/evaluate/cluster/index.ts";
import { clusteringAccuracy } from "../src/evaluate/metrics/index.ts";
import {
  cat,
  type Group,
  gatherRows,
  memory,
  random,
  scope,
  type Tensor,
  tensor,
} from "../src/tensor/index.ts";

export interface Same {
  /** Whether what is found is that of one process. */
  same: boolean;
  /** Bytes of the collectives, and what they ought to be. */
  bytes: number;
  expected: number;
}

const [K, d] = [3, 6];
const triangle = (size: number): number => (size * (size + 1)) / 2;

/** Points around K centres, in more rows the higher the rank; the last class is on rank 0 alone. */
function points(group: Group, each: number, spread: number) {
  const { rank, size } = group;
  const rows = Array.from({ length: size }, (_, r) => each + 5 * r);
  const n = rows.reduce((sum, count) => sum + count, 0);
  const from = rows.slice(0, rank).reduce((sum, count) => sum + count, 0);
  const labels = tensor(BigInt64Array.from({ length: n }, (_, i) => BigInt(i < 3 ? 2 : i % 2)));
  const wide = { dtype: "float64" } as const;
  const centres = random(5).at("centres").normal([K, d], wide).mul(3);
  const Z = centres.indexSelect(0, labels).add(random(5).at("noise").normal([n, d], wide).mul(spread));
  const mine = (x: Tensor) => x.narrow(0, from, rows[rank]!);
  return { Z, labels, mine, n, own: rows[rank]! };
}

/** What a classifier says of other points, all of them here, and by their shares. */
function classified(
  group: Group,
  fit: (Z: Tensor, labels: Tensor, across?: Group) => Classifier,
  each: number,
) {
  const { Z, labels, mine, n } = points(group, each, 2);
  using alone = fit(Z, labels);
  const before = group.bytes;
  using parted = fit(mine(Z), mine(labels), group);
  const bytes = group.bytes - before;
  const queries = points(group, each, 3);
  const whole = alone.predict(queries.Z);
  const part = parted.predict(queries.mine(queries.Z));
  const same =
    part.eq(queries.mine(whole)).all().item() === 1 &&
    accuracy(part, queries.mine(queries.labels), group) === accuracy(whole, queries.labels);
  return { same, bytes, n };
}

const subspace = (centred: boolean) => (Z: Tensor, labels: Tensor, across?: Group) =>
  nearestSubspace(Z, labels, { classes: K, components: 2, centred, across });

/** Every case; what is sent is in numbers of 8 bytes. */
export const CASES: Readonly<Record<string, (group: Group) => Same>> = {
  "nearest subspace, SVD": (group) => {
    const { same, bytes } = classified(group, subspace(false), 30);
    return { same, bytes, expected: 8 * (K + K * (d + triangle(d))) };
  },
  "nearest subspace, PCA": (group) => {
    const { same, bytes } = classified(group, subspace(true), 30);
    return { same, bytes, expected: 8 * (K + K * (d + triangle(d))) };
  },
  "nearest subspace, fewer features than statistics": (group) => {
    const few = (Z: Tensor, labels: Tensor, across?: Group) =>
      nearestSubspace(wide(Z), labels, { classes: K, components: 2, centred: true, across });
    const wide = (Z: Tensor): Tensor => cat(new Array<Tensor>(10).fill(Z), 1);
    const fitted = (Z: Tensor, labels: Tensor, across?: Group): Classifier => {
      const inner = few(Z, labels, across);
      const [dispose, predict] = [() => inner.dispose(), (queries: Tensor) => inner.predict(wide(queries))];
      return { predict, dispose, [Symbol.dispose]: dispose };
    };
    const { same, bytes, n } = classified(group, fitted, 12);
    return { same, bytes, expected: 8 * (K + group.size + n * 10 * d + n) };
  },
  "least squares": (group) => {
    const { same, bytes } = classified(
      group,
      (Z, labels, across) => leastSquares(Z, labels, { classes: K, across }),
      30,
    );
    return { same, bytes, expected: 8 * (2 * d + 1 + triangle(d + 1) + (d + 1) * K) };
  },
  "nearest neighbours": (group) => {
    const { same, bytes, n } = classified(
      group,
      (Z, labels, across) => knn(Z, labels, { k: 5, classes: K, across }),
      30,
    );
    return { same, bytes, expected: 8 * (n * d + n + group.size) };
  },
  "nearest neighbours, by weight": (group) => {
    const { same, bytes, n } = classified(
      group,
      (Z, labels, across) => knn(Z, labels, { k: 5, classes: K, temperature: 0.07, across }),
      30,
    );
    return { same, bytes, expected: 8 * (n * d + n + group.size) };
  },
  "k-means": (group) => {
    const { Z, mine } = points(group, 30, 1);
    const options = { clusters: K, random: random(1), restarts: 2, tolerance: 0 };
    const alone = kMeans(Z, options);
    const found = kMeans(mine(Z), { ...options, across: group });
    // restarts that end alike have other numbers for the same clusters
    const all = gatherRows(found.assigned, group).numbers();
    const same =
      clusteringAccuracy(alone.assigned.numbers(), all) === 1 &&
      Math.abs(found.inertia / alone.inertia - 1) < 1e-12;
    const before = group.bytes;
    kMeans(mine(Z), { ...options, iterations: 2, across: group });
    const [P, R, T] = [group.size, 2, 2 + Math.floor(Math.log(K))];
    const seeds = R * d + (K - 1) * (R * T * (d + 1) + R * P);
    const iterations = 2 * R * (K * d + K + 1);
    const beside = P + d + 1 + R + 1; // counts of points, their mean and variance; inertias
    return { same, bytes: group.bytes - before, expected: 8 * (seeds + iterations + beside) };
  },
  "k-means with more clusters than distinct points": (group) => {
    const { Z, mine } = points(group, 4, 0); // three points in all
    const options = { clusters: 5, random: random(1), restarts: 2 };
    const { inertia } = kMeans(mine(Z), { ...options, across: group });
    return { same: Math.abs(inertia) < 1e-20, bytes: 0, expected: 0 };
  },
};

/** All cases. */
export function evaluations(group: Group): Record<string, Same | number> {
  const found = Object.entries(CASES).map(([name, body]) => [name, scope(() => body(group))] as const);
  return { ...Object.fromEntries(found), left: memory().tensors };
}
