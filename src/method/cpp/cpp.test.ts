import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { expectClose } from "../../../test/close.ts";
import {
  affinitySpectrum,
  edgesPerRow,
  featureDetectionError,
  spectralClustering,
  wrongEdges,
} from "../../evaluate/cluster/index.ts";
import { numericalRank } from "../../evaluate/numerical-rank.ts";
import { CppHead } from "../../model/index.ts";
import { keep, random, scope, type Tensor, tensor } from "../../tensor/index.ts";
import { loadCheckpoint } from "../../train/checkpoint.ts";
import { runSteps } from "../../train/loop.ts";
import { readMetrics } from "../../train/metrics.ts";
import { curvedManifolds } from "./curved-manifolds.ts";
import { evaluateCpp } from "./evaluate.ts";
import { CppLearner, type CppLearnerOptions } from "./learner.ts";

let folder: string;
let X: Tensor;
let labels: Tensor;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "vitrine-cpp-"));
  for (const run of ["a", "b"]) mkdirSync(join(folder, run));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Three manifolds of 80 points in 64 dimensions, a head of 64 units, and what trains it. */
function withLearner(
  body: (learner: CppLearner, settings: CppLearnerOptions) => Promise<void> | void,
  more = {},
) {
  const made = scope(() => {
    const set = curvedManifolds({ classes: 3, perClass: 80, dim: 64 }, random(5));
    return { X: keep(set.X), labels: keep(set.labels) };
  });
  ({ X, labels } = made);
  const settings: CppLearnerOptions = {
    ...{ features: X, labels, clusters: 3, cluster: spectralClustering, random: random(1), points: 150 },
    ...{ epochs: 5, batchSize: 64, lr: 0.02, warmup: 2, temperature: 0.175, epsilon: Math.sqrt(0.1) },
    ...more,
  };
  const head = scope(() => new CppHead({ inputs: 64, hidden: 64, dim: 16 }, random(2)));
  const learner = new CppLearner(head, settings);
  const end = () => {
    for (const owner of [learner, head, X, labels]) owner.dispose();
  };
  let result: Promise<void> | void;
  try {
    result = body(learner, settings);
  } catch (error) {
    end();
    throw error;
  }
  return result instanceof Promise ? result.finally(end) : end();
}

const copies = (parameters: ReadonlyMap<string, Tensor>) =>
  scope(() => [...parameters.values()].map((parameter) => parameter.detach().numbers()));

test("warm-up moves the feature layers alone, its last step copies them into the cluster layer, then both move", async () => {
  await withLearner(async (learner) => {
    const { head } = learner;
    const seen: { features: number[][]; clusters: number[][] }[] = [];
    const look = () =>
      seen.push({ features: copies(head.featureParameters()), clusters: copies(head.clusterParameters()) });
    look();
    let at = 0;
    for await (const batch of learner.batches(0)) {
      const numbers = scope(() => learner.step(batch, at++));
      expect("train/compression" in numbers).toBe(at > 3);
      look();
      if (at === 4) break;
    }
    expect(seen[1]!.features).not.toEqual(seen[0]!.features);
    expect(seen[2]!.clusters).toEqual(seen[0]!.clusters); //                    not decayed either
    expect(seen[3]!.clusters).toEqual(seen[3]!.features.slice(-2)); //          subspace.0.weight and .bias
    expect(seen[4]!.clusters).not.toEqual(seen[3]!.clusters);
    expect(seen[4]!.features).not.toEqual(seen[3]!.features);
  });
});

test("ΔR rises, clusters are found, spectra are logged, and a resumed run ends as one that never stopped", async () => {
  const options = { config: {}, keep: 2, logInterval: 1, progress: "none", tensorboard: false } as const;
  const run = async (learner: CppLearner, name: string, more = {}) =>
    runSteps(learner, { ...options, folder: join(folder, name), ...more });
  let straight: number[][] = [];
  await withLearner(async (learner) => {
    const { milestone } = await run(learner, "a");
    expect(milestone!.numbers["eval/accuracy"]).toBeGreaterThan(95);
    expect(milestone!.score).toBeGreaterThan(0.95);
    expect(Object.keys(milestone!.numbers).filter((name) => name.startsWith("eigenvalue/"))).toHaveLength(6);
    straight = copies(learner.head.stateDict());
    const records = readMetrics(join(folder, "a", "metrics.jsonl"));
    const losses = records.flatMap((record) => (record["train/loss"] as number | undefined) ?? []);
    expect(losses).toHaveLength(15); //                                         240 / 64 = 3 batches, 5 epochs
    expect(losses[14]).toBeLessThan(losses[3]!);
  });
  await withLearner((learner) => run(learner, "b", { maxSteps: 5 }).then(() => undefined));
  await withLearner(async (learner) => {
    const resume = loadCheckpoint(join(folder, "b", "checkpoints"), "last");
    await run(learner, "b", { resume });
    expect(copies(learner.head.stateDict())).toEqual(straight);
  });
});

test("without labels there is no agreement and no score; a tied head trains", async () => {
  await withLearner((learner, settings) => {
    const { labels: _, ...unlabelled } = settings;
    const found = scope(() => evaluateCpp(learner.head, unlabelled));
    expect(found.agreement).toBeUndefined();
    expect([found.assigned.length, found.indices.length, found.eigenvalues.length]).toEqual([150, 150, 6]);
    const again = scope(() => evaluateCpp(learner.head, { ...settings, repeats: 2 }));
    expect(again.indices).toEqual(found.indices);
    expect(again.agreement!.nmi).toBeGreaterThan(0);
    using head = new CppHead({ inputs: 64, hidden: 64, dim: 16, clusterHead: "tied" }, random(2));
    using tied = new CppLearner(head, { ...settings, warmup: 0 });
    const before = copies(head.featureParameters());
    scope(() => tied.step({ X, indices: new Int32Array(240) }, 1));
    expect(copies(head.featureParameters())).not.toEqual(before);
  });
});

test("what does not fit is said before anything is computed", () => {
  withLearner((learner, settings) => {
    const refuse = (more: Partial<CppLearnerOptions>) => () =>
      new CppLearner(learner.head, { ...settings, ...more });
    expect(refuse({ batchSize: 241 })).toThrow("a batch of 2 to 240 features, the whole set, got 241");
    expect(refuse({ clusters: 241 })).toThrow("1 to the 150 points, got 241");
    expect(refuse({ warmup: -1 })).toThrow("0 steps or more, got -1");
    scope(() => {
      expect(refuse({ labels: labels.narrow(0, 0, 3) })).toThrow("a label for each of 240 rows, got [3]");
      const broken = X.clone();
      broken.narrow(0, 7, 2).narrow(1, 3, 1).fill_(Number.NaN);
      expect(refuse({ features: broken })).toThrow("in 2 of 240 rows, the first is 7");
      expect(() => evaluateCpp(learner.head, { ...settings, points: 2 })).toThrow("1 to the 2 points, got 3");
    });
  });
});

test("the spectrum counts groups; the other measures have their closed forms", () => {
  scope(() => {
    const own = tensor(BigInt64Array.from([0n, 0n, 0n, 1n, 1n, 1n]));
    const same = own.unsqueeze(1).eq(own.unsqueeze(0)).to("float64");
    const Pi = same.mul(0.3).add(
      same
        .mul(-1)
        .add(1)
        .mul(0.1 / 3),
    ); //          rows: 0.9 inside, 0.1 outside
    const spectrum = affinitySpectrum(same, 4);
    expectClose(tensor(spectrum, { dtype: "float64" }), [1, 1, -0.5, -0.5]); // two triangles
    const [first, second] = affinitySpectrum(Pi, 2);
    expect(first).toBeCloseTo(1, 12);
    expect(second).toBeCloseTo((0.6 - 0.1) / 0.7, 12);
    expect(featureDetectionError(Pi, own)).toBeCloseTo(0.1, 12);
    expect([edgesPerRow(same), edgesPerRow(Pi)]).toEqual([3, 6]);
    expect([wrongEdges(same, own), wrongEdges(Pi, own)]).toEqual([0, 0.5]);
    const Z = tensor([
      [10, 0, 0],
      [0, 10, 0],
      [0, 0, 1],
    ]);
    expect([numericalRank(Z), numericalRank(Z, 0.999), numericalRank(Z.narrow(0, 0, 1))]).toEqual([2, 3, 1]);
  });
});
