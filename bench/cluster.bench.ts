/** @file How fast are k-means and spectral clustering, against scikit-learn on the same points. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kMeans, spectralClustering } from "../src/evaluate/cluster/index.ts";
import { keep, random, scope, type Tensor, tensor } from "../src/tensor/index.ts";
import { type Bench, compare, interleave, type Row } from "./harness.ts";
import { Side } from "./side.ts";

interface Work {
  kind: "k-means" | "spectral";
  /** The points, or affinities, row by row. */
  path: string;
  n: number;
  d: number;
  dtype: "float32" | "float64";
  clusters: number;
}

export function own({ kind, path, n, d, dtype, clusters }: Work): (iterations: number) => void {
  const { buffer, byteOffset, length } = readFileSync(path);
  const bytes = buffer.slice(byteOffset, byteOffset + length) as ArrayBuffer;
  const values = dtype === "float32" ? new Float32Array(bytes) : new Float64Array(bytes);
  const given = keep(tensor(values, { shape: [n, d] }));
  return (iterations) => {
    for (let i = 0; i < iterations; i++)
      scope(() => {
        if (kind === "k-means") kMeans(given, { clusters, random: random(i) });
        else spectralClustering(given, { clusters, random: random(i) });
      });
  };
}

/** Points around K centres in R^d; `unit` brings them to length 1, as the rows of an embedding are. */
function blobs(n: number, d: number, K: number, spread: number, unit: boolean): Tensor {
  return scope(() => {
    const centres = random(1).normal([K, d]);
    const own = random(2).integers([n], 0, K);
    const points = centres.indexSelect(0, own).add(random(3).normal([n, d]).mul(spread));
    return unit ? points.div(points.norm([1], true)) : points;
  });
}

export const bench: Bench = {
  name: "cluster",
  about: "k-means and spectral clustering, against scikit-learn",
  peer: "sklearn",
  async run({ quick, threads, say }) {
    const folder = mkdtempSync(join(tmpdir(), "vitrine-bench-"));
    const clusters = quick ? 3 : 10;
    const [n, m, d] = quick ? [200, 60, 8] : [10_000, 1500, 128];
    const rows: Row[] = [];
    const measure = async (what: string, work: Omit<Work, "path" | "dtype" | "n" | "d">, given: Tensor) => {
      const path = join(folder, "points.bin");
      const [n, d] = given.shape as [number, number];
      const dtype = given.dtype as "float32" | "float64";
      writeFileSync(path, new Uint8Array(given.data().buffer));
      given.dispose();
      say(what);
      const peer = work.kind === "k-means" ? { path, n, d, dtype, clusters } : { path, n, clusters };
      const sides = await Promise.all([
        Side.ours("cluster", { ...work, path, n, d, dtype }, threads),
        Side.peer(work.kind, peer, threads, "sklearn"),
      ]);
      const plan = { rounds: quick ? 2 : 11, iterations: 1, warmup: 1 };
      const [ours, theirs] = (await interleave(sides, plan)) as [number[], number[]];
      await Promise.all(sides.map((side) => side.close()));
      const goal = { of: "ratio", at: "most", value: 2 } as const;
      rows.push({
        question: "cluster",
        what,
        unit: "s",
        ...compare(ours, theirs, (seconds) => seconds),
        goal,
      });
    };
    try {
      await measure(
        `k-means, n = ${n}, d = ${d}, K = ${clusters}`,
        { kind: "k-means", clusters },
        blobs(n, d, clusters, 3, false),
      );
      const embedded = scope(() => blobs(m, clusters, clusters, 0.5, true).to("float64"));
      await measure(`k-means of ${m} rows of an embedding`, { kind: "k-means", clusters }, embedded);
      const affinity = scope(() => {
        const Z = blobs(m, 32, clusters, 1, true).to("float64");
        return Z.matmul(Z.T).mul(4).sub(4).exp();
      });
      await measure(
        `spectral clustering, n = ${m}, K = ${clusters}`,
        { kind: "spectral", clusters },
        affinity,
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
    return rows;
  },
};
