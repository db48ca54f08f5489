/** @file CPP by recipe: a head trained on fixed features, its clusters, and the number of them. */

import { createHash } from "node:crypto";
import { inPercent, percent } from "../../base/percent.ts";
import { kMeans, spectralClustering } from "../../evaluate/cluster/index.ts";
import { rowsOf } from "../../evaluate/index.ts";
import { clusteringAccuracy, nmi } from "../../evaluate/metrics/index.ts";
import { CppHead } from "../../model/index.ts";
import { membership } from "../../rate/index.ts";
import { random, scope, type Tensor, UsageError } from "../../tensor/index.ts";
import type { LoadedCheckpoint } from "../../train/index.ts";
import { trainLearner } from "../learner-run.ts";
import type { Method, Scores, Trained, TrainPlace } from "../method.ts";
import type { RunResult } from "../run-types.ts";
import { chooseClusters } from "./choose-clusters.ts";
import { type CppEvaluateOptions, evaluateCpp } from "./evaluate.ts";
import { headFeatures } from "./head-features.ts";
import { CppLearner } from "./learner.ts";
import type { CppRecipe as Recipe } from "./recipe.ts";
import { type FeatureSource, openFeatures } from "./source.ts";

/** A freshly started head; the caller frees it. */
function buildHead({ model, seed }: Recipe, inputs: number): CppHead {
  const { hidden, features: dim, clusterHead } = model;
  return new CppHead({ inputs, hidden, dim, clusterHead }, random(seed).at("model"));
}

/** The head of a checkpoint; the caller frees it. */
export function restoreHead(recipe: Recipe, { model }: LoadedCheckpoint): CppHead {
  const head = buildHead(recipe, model.get("pre_feature.0.weight")!.size(1));
  try {
    return head.load(model);
  } catch (error) {
    head.dispose();
    throw error;
  }
}

/** How a recipe's features are clustered. */
const clustering = ({ method, seed }: Recipe, { X, labels }: FeatureSource): CppEvaluateOptions => ({
  features: X,
  ...(labels && { labels }),
  ...{ clusters: method.clusters, temperature: method.temperature, points: method.points },
  cluster: spectralClustering,
  random: random(seed),
});

const describe = ({ X, classes }: FeatureSource) => ({
  channels: X.size(1),
  classes: classes ?? [],
  fingerprint: () => {
    const data = scope(() => X.to("cpu").data());
    return createHash("sha256")
      .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
      .digest("hex");
  },
});

async function train(recipe: Recipe, place: TrainPlace): Promise<RunResult> {
  using source = await openFeatures(recipe, "train");
  using head = buildHead(recipe, source.X.size(1)).to(place.device);
  const { epsilon, penalty, warmup, counts, points } = recipe.method;
  const most = Math.min(points, source.X.size(0));
  if (!counts.some((count) => count <= most))
    throw new UsageError(
      `method.counts: expected a number of clusters up to the ${most} points that are clustered, got ${counts.join(", ") || "none"}`,
      { path: "method.counts" },
    );
  const { precision, ...settings } = recipe.train;
  using learner = new CppLearner(head, {
    ...{ ...clustering(recipe, source), ...settings, epsilon, penalty, warmup, precision },
    across: place.across,
  });
  return await trainLearner(learner, recipe, describe(source), place);
}

/** Accuracy and NMI of clusters against labels. */
function agreement(assigned: Tensor, labels: Tensor) {
  const [truth, found] = [labels.numbers(), assigned.numbers()];
  return { accuracy: clusteringAccuracy(truth, found), nmi: nmi(truth, found) };
}

/** k-means and spectral clustering of the features that the head was given, on the same points. */
function baselines(X: Tensor, labels: Tensor, { method, seed }: Recipe) {
  const { clusters } = method;
  return scope(() => {
    const Z = X.to("float32");
    const unit = Z.div(Z.norm([1], true).clamp(1e-12));
    const byCosine = unit.matmul(unit.T).clamp(0);
    return {
      kMeans: agreement(kMeans(Z, { clusters, random: random(seed).at("baseline") }).assigned, labels),
      spectral: agreement(
        spectralClustering(byCosine, { clusters, random: random(seed).at("baseline") }),
        labels,
      ),
    };
  }, "baselines");
}

async function evaluate(recipe: Recipe, { checkpoint, split, device }: Trained): Promise<Scores> {
  using source = await openFeatures(recipe, split);
  using head = restoreHead(recipe, checkpoint).to(device);
  const { repeats, temperature, epsilon, counts, clusters } = recipe.method;
  const found = evaluateCpp(head, { ...clustering(recipe, source), repeats });
  const { eigenvalues, edgesPerRow, rank, indices } = found;
  const gap = eigenvalues[clusters - 1]! - (eigenvalues[clusters] ?? 0);
  const numbers: Record<string, number> = { gap, edgesPerRow, rank, points: indices.length };
  const lines: string[] = [];
  scope(() => {
    const rows = rowsOf(source.X, indices);
    if (found.agreement !== undefined && source.labels !== undefined) {
      const { accuracy, nmi, ari, featureDetectionError, wrongEdges } = found.agreement;
      const plain = baselines(rows, rowsOf(source.labels, indices), recipe);
      Object.assign(numbers, { featureDetectionError });
      Object.assign(numbers, inPercent({ accuracy, nmi, ari, wrongEdges }));
      Object.assign(
        numbers,
        inPercent({ kMeansAccuracy: plain.kMeans.accuracy, kMeansNmi: plain.kMeans.nmi }),
      );
      Object.assign(
        numbers,
        inPercent({ spectralAccuracy: plain.spectral.accuracy, spectralNmi: plain.spectral.nmi }),
      );
      lines.push(
        `CPP, ${clusters} clusters: accuracy ${percent(accuracy)}, NMI ${percent(nmi)}, ARI ${percent(ari)} (mean of ${repeats} clusterings of ${indices.length} points)`,
        `the same points before the head: k-means ${percent(plain.kMeans.accuracy)}, NMI ${percent(plain.kMeans.nmi)}; spectral ${percent(plain.spectral.accuracy)}, NMI ${percent(plain.spectral.nmi)}`,
        `memberships: ${percent(featureDetectionError)} of the mass outside the own class, ${percent(wrongEdges)} of the edges wrong`,
      );
    }
    lines.push(
      `${edgesPerRow.toFixed(1)} edges in a row, gap after ${clusters} eigenvalues ${gap.toFixed(3)}, features of rank ${rank}`,
    );
    const { Z, C } = headFeatures(head, rows.to(device));
    const tried = counts.filter((count) => count <= indices.length);
    const choice = chooseClusters(Z, membership(C, { temperature }), {
      ...{ cluster: spectralClustering, random: random(recipe.seed).at("counts"), counts: tried, epsilon },
    });
    numbers.chosenClusters = choice.clusters;
    for (const { clusters, length } of choice.lengths) numbers[`codingLength/${clusters}`] = length;
    const lengths = choice.lengths.map(({ clusters, length }) => `${clusters}: ${length.toFixed(0)}`);
    lines.push(`fewest nats with ${choice.clusters} clusters (${lengths.join(", ")})`);
  }, "evaluate cpp");
  return { numbers, text: lines.join("\n") };
}

export const cppMethod: Method<Recipe> = { across: true, train, evaluate };
