/** @file CPP as a learner: a head on fixed features, warmed up by the coding rate, then trained by rate reduction. */

import {
  checkBatchSize,
  checkClusters,
  checkFeatureSet,
  type FeatureBatch,
  featureBatches,
} from "../../evaluate/feature-set.ts";
import type { CppHead } from "../../model/index.ts";
import { CPP_PRECISION, codingRate, type MlcOptions, membership, mlcLoss } from "../../rate/index.ts";
import { gradients, NotFiniteError, type Tensor, UsageError } from "../../tensor/index.ts";
import type { LoadedCheckpoint } from "../../train/index.ts";
import { isDue, type Learner, type Milestone, type Numbers } from "../../train/learner.ts";
import { createOptimizer, type Optimizer } from "../../train/optimizer.ts";
import { below } from "../ctrl/players.ts";
import { type CppEvaluateOptions, type CppEvaluation, evaluateCpp } from "./evaluate.ts";

export interface CppLearnerOptions extends CppEvaluateOptions, MlcOptions {
  epochs: number;
  batchSize: number;
  lr: number;
  /** Learning rate of the cluster layer; `lr` unless given. */
  clusterLr?: number;
  /** 1e-4 unless given. */
  weightDecay?: number;
  /** Of the cluster layer; 5e-3 unless given. */
  clusterWeightDecay?: number;
  /** 0.9 unless given. */
  momentum?: number;
  /** The first `warmup` + 1 steps raise R(Z) alone; then the feature layer is copied into the cluster layer. */
  warmup: number;
  /** Steps between evaluations; the last step is always evaluated. */
  evalEvery?: number;
}

/** CPP on a matrix of features, fp32. The head belongs to the caller; `dispose()` frees the optimisers. */
export class CppLearner implements Learner<FeatureBatch> {
  readonly steps: number;
  readonly unit = "features";
  private readonly perEpoch: number;
  private readonly optimizers: { features: Optimizer; clusters: Optimizer };

  /**
   * @throws {DataError} features that are not finite, other labels than features
   * @throws {UsageError} a batch larger than the set, more clusters than points, a warm-up below 0
   */
  constructor(
    readonly head: CppHead,
    private readonly options: CppLearnerOptions,
  ) {
    const { features, labels, batchSize, clusters, epochs, warmup, momentum = 0.9 } = options;
    checkFeatureSet(features, labels);
    checkBatchSize(batchSize, features.size(0));
    checkClusters(clusters, Math.min(options.points ?? features.size(0), features.size(0)));
    if (!(Number.isInteger(warmup) && warmup >= 0))
      throw new UsageError(`cpp: expected a warm-up of 0 steps or more, got ${warmup}`);
    this.perEpoch = Math.floor(features.size(0) / batchSize);
    this.steps = epochs * this.perEpoch;
    const { weightDecay = 1e-4, clusterWeightDecay = 5e-3 } = options;
    const sgd = (parameters: Map<string, Tensor>, decay: number) =>
      createOptimizer("sgd", parameters, { momentum, weightDecay: decay });
    this.optimizers = {
      features: sgd(head.featureParameters(), weightDecay),
      clusters: sgd(head.clusterParameters(), clusterWeightDecay),
    };
  }

  async *batches(from: number): AsyncGenerator<FeatureBatch> {
    const { features, batchSize, random } = this.options;
    yield* featureBatches(features, { batchSize, random, from });
  }

  size(batch: FeatureBatch): number {
    return batch.indices.length;
  }

  step({ X }: FeatureBatch, at: number): Numbers {
    const { head, options } = this;
    const { lr, clusterLr = lr, warmup } = options;
    head.train();
    const inputs = X.to(head.parameters()[0]!.device).to("float32");
    const warm = at <= warmup;
    const numbers = warm ? this.warmUp(inputs, lr) : this.reduce(inputs, lr, clusterLr);
    if (at === warmup) head.startClusters();
    return { ...numbers, lr };
  }

  /** −R(Z): the cluster layer has no gradient, so it is not even decayed. */
  private warmUp(X: Tensor, lr: number): Numbers {
    const { precision = CPP_PRECISION } = this.options;
    const loss = codingRate(this.head.apply(X), { precision }).neg();
    const value = this.finite(loss);
    this.descend(loss, lr, 0);
    return { "train/loss": value, "train/expansion": -value };
  }

  /** −R(Z) + Rᶜ(Z | Π) + penalty. */
  private reduce(X: Tensor, lr: number, clusterLr: number): Numbers {
    const { Z, C } = this.head.features(X);
    const { loss, expansion, compression } = mlcLoss(Z, membership(C, this.options), this.options);
    const value = this.finite(loss);
    this.descend(loss, lr, clusterLr);
    return {
      "train/loss": value,
      "train/expansion": expansion.item(),
      "train/compression": compression.item(),
    };
  }

  private finite(loss: Tensor): number {
    const value = loss.item();
    if (!Number.isFinite(value))
      throw new NotFiniteError(
        `the loss of the head is ${value} at step ${this.optimizers.features.steps + 1}; lower the learning rate`,
      );
    return value;
  }

  /** One step of the features' layers, and of the cluster layer where its rate is above 0. */
  private descend(loss: Tensor, lr: number, clusterLr: number): void {
    const { features, clusters } = this.optimizers;
    const own = [...this.head.featureParameters().values()];
    const theirs = clusterLr > 0 ? [...this.head.clusterParameters().values()] : [];
    const slopes = gradients(loss, [...own, ...theirs]);
    features.step(slopes.slice(0, own.length), lr);
    if (theirs.length > 0) clusters.step(slopes.slice(own.length), clusterLr);
  }

  /** What `evaluate` tells of, now. */
  measure(): CppEvaluation {
    return evaluateCpp(this.head, this.options);
  }

  due(done: number): boolean {
    return isDue(done, this.steps, this.options.evalEvery);
  }

  async evaluate(done: number): Promise<Milestone> {
    const { clusters: K } = this.options;
    const { agreement, eigenvalues, edgesPerRow, rank } = this.measure();
    const gap = eigenvalues[K - 1]! - (eigenvalues[K] ?? 0);
    const numbers: Record<string, number> = {
      "eval/gap": gap,
      "eval/rank": rank,
      "eval/edgesPerRow": edgesPerRow,
    };
    eigenvalues.forEach((value, i) => {
      numbers[`eigenvalue/${i + 1}`] = value;
    });
    const spectrum = `gap after ${K} eigenvalues ${gap.toFixed(3)}`;
    if (agreement === undefined) return { numbers, text: `step ${done}/${this.steps}  ${spectrum}` };
    const { accuracy, nmi, ari, featureDetectionError, wrongEdges } = agreement;
    return {
      numbers: {
        ...numbers,
        ...{ "eval/accuracy": 100 * accuracy, "eval/nmi": 100 * nmi, "eval/ari": 100 * ari },
        ...{ "eval/featureDetectionError": featureDetectionError, "eval/wrongEdges": 100 * wrongEdges },
      },
      score: accuracy,
      text: `step ${done}/${this.steps}  accuracy ${(100 * accuracy).toFixed(2)} %  NMI ${(100 * nmi).toFixed(2)} %  ${spectrum}`,
    };
  }

  snapshot() {
    const { features, clusters } = this.optimizers;
    const named = (name: string, optimizer: Optimizer) =>
      [...optimizer.stateDict()].map(([key, moment]) => [`${name}.${key}`, moment] as const);
    return {
      model: this.head.stateDict(),
      optimizer: new Map([...named("features", features), ...named("clusters", clusters)]),
      state: { steps: [features.steps, clusters.steps] },
    };
  }

  restore({ model, optimizer, state }: Pick<LoadedCheckpoint, "model" | "optimizer" | "state">): void {
    const [features, clusters] = (state as { steps: [number, number] }).steps;
    this.head.load(model);
    this.optimizers.features.load(below(optimizer, "features."), features);
    this.optimizers.clusters.load(below(optimizer, "clusters."), clusters);
  }

  dispose(): void {
    for (const optimizer of Object.values(this.optimizers)) optimizer.dispose();
  }
  [Symbol.dispose](): void {
    this.dispose();
  }
}
