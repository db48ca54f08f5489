import { expect, test } from "vitest";
import { close } from "../../../test/rates.ts";
import { mergeSegments } from "../../evaluate/cluster/index.ts";
import { clusteringAccuracy } from "../../evaluate/metrics/index.ts";
import { toSphere } from "../../nn/index.ts";
import { codingLength, membership } from "../../rate/index.ts";
import { aten, cat, random, scope, type Tensor, tensor } from "../../tensor/index.ts";
import { classLabels } from "../redunet/gaussians.ts";
import { chooseClusters } from "./choose-clusters.ts";
import type { ClusterAffinity } from "./evaluate.ts";

const stream = random(11);
const wide = { dtype: "float64" } as const;

/** Two lines and a plane through the origin of R³, `count` points each, with noise. */
function linesAndPlane(count: number, noise: number): { X: Tensor; labels: Tensor } {
  const bases = [
    [[1, 0.2, 0.1]],
    [[-0.3, 1, 0.5]],
    [
      [0.1, 0, 1],
      [1, -0.7, 0],
    ],
  ];
  const parts = bases.map((basis, k) => {
    const within = stream.at(`s.${k}`).uniform([count, basis.length], -1, 1, wide);
    const rest = stream.at(`e.${k}`).normal([count, 3], wide).mul(noise);
    return within.matmul(tensor(basis, wide)).add(rest);
  });
  return { X: cat(parts), labels: classLabels(3, count) };
}

const accuracyOf = (labels: Tensor, assigned: Tensor) =>
  clusteringAccuracy(labels.numbers(), assigned.numbers());

test("two lines and a plane are told apart without their number, and every merge saves nats", () => {
  scope(() => {
    const { X, labels } = linesAndPlane(60, 0.02);
    const options = { epsilon: 0.03 };
    const { assigned, segments, lengths } = mergeSegments(X, options);
    expect(segments).toBe(3);
    expect(accuracyOf(labels, assigned)).toBeGreaterThan(0.95); //              points near the origin are anyone's
    expect(lengths).toHaveLength(180 - 3 + 1);
    expect(lengths.every((length, i) => i === 0 || length < lengths[i - 1]!)).toBe(true);
    close(lengths.at(-1)!, codingLength(X, assigned, 3, options).item(), 1e-8);
    expect(assigned.numbers()[0]).toBe(0);
  });
});

test("a precision far above the noise joins everything, one far below does not tear groups of this size", () => {
  scope(() => {
    const { X } = linesAndPlane(40, 0.02);
    expect(mergeSegments(X, { epsilon: 0.0005 }).segments).toBe(3);
    expect(mergeSegments(X, { epsilon: 1 }).segments).toBe(1);
    expect(mergeSegments(X.narrow(0, 0, 1), { epsilon: Math.sqrt(0.1) }).segments).toBe(1);
    expect(() => mergeSegments(X.div(0), { epsilon: Math.sqrt(0.1) })).toThrow("NaN or infinity");
    expect(() => mergeSegments(X, { epsilon: 0 })).toThrow("above 0, got 0");
  });
});

test("the first unions have the determinants of two points, whatever the dimension", () => {
  scope(() => {
    const X = stream.at("few").normal([4, 7], wide);
    const { lengths, assigned, segments } = mergeSegments(X, { epsilon: 0.8 });
    const alone = tensor(BigInt64Array.from([0n, 1n, 2n, 3n]));
    close(lengths[0]!, codingLength(X, alone, 4, { epsilon: 0.8 }).item());
    close(lengths.at(-1)!, codingLength(X, assigned, segments, { epsilon: 0.8 }).item());
  });
});

test("chooseClusters: the number with the shortest code, of what a clustering makes of each", () => {
  scope(() => {
    const [K, each, d] = [4, 40, 24];
    const parts = Array.from({ length: K }, (_, k) => {
      const [basis] = aten<[Tensor, Tensor]>("linalg_qr", stream.at(`basis.${k}`).normal([d, 3], wide));
      return stream.at(`points.${k}`).normal([each, 3], wide).matmul(basis.T);
    });
    const Z = toSphere(
      cat(parts).add(
        stream
          .at("noise")
          .normal([K * each, d], wide)
          .mul(0.01),
      ),
    );
    // merges classes where there are too many, halves them where there are too few
    const cluster: ClusterAffinity = (affinity, { clusters }) => {
      expect(affinity.sub(affinity.T).abs().max().item()).toBe(0);
      const assigned = Array.from({ length: K * each }, (_, i) => {
        const k = Math.floor(i / each);
        return clusters <= K ? Math.min(k, clusters - 1) : k + K * ((i * clusters) % 3 === 0 ? 1 : 0);
      });
      return tensor(BigInt64Array.from(assigned, (k) => BigInt(Math.min(k, clusters - 1))));
    };
    const options = { epsilon: Math.sqrt(0.1), cluster, random: random(1), counts: [2, 3, 4, 6, 8] };
    const { clusters, lengths, assigned } = chooseClusters(Z, membership(Z, { temperature: 0.15 }), options);
    expect(clusters).toBe(4);
    expect(lengths.map((entry) => entry.clusters)).toEqual(options.counts);
    close(lengths[2]!.length, codingLength(Z, assigned, 4, { epsilon: Math.sqrt(0.1) }).item());
    const refuse = (counts: number[]) => () => chooseClusters(Z, Z.matmul(Z.T), { ...options, counts });
    expect(refuse([])).toThrow("got none");
    expect(refuse([161])).toThrow("1 to the 160 points, got 161");
  });
});
