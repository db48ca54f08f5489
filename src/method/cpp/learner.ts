/** @file CPP as a learner: a head on fixed features, warmed up by the coding rate, then trained by rate reduction. */

import { inPercent, percent } from "../../base/percent.ts";
import { requireRows } from "../../data/index.ts";
import {
  checkBatchSize,
  checkClusters,
  checkFeatureSet,
  type FeatureBatch,
  featureBatches,
} from "../../evaluate/feature-set.ts";
import type { CppHead } from "../../model/index.ts";
import { synchronise } from "../../nn/index.ts";
import { codingRate, type MlcOptions, membership, mlcLoss } from "../../rate/index.ts";
import { type Tensor, UsageError } from "../../tensor/index.ts";
import { descend } from "../../train/descend.ts";
import { Descent, type DescentOptions } from "../../train/descent.ts";
import type { Learner, Logged, Milestone } from "../../train/learner.ts";
import { inPrecision, type Precision } from "../../train/precision.ts";
import { weights } from "../../train/stateful.ts";
import { logged } from "../../train/step.ts";
import { type CppEvaluateOptions, type CppEvaluation, evaluateCpp } from "./evaluate.ts";

export interface CppLearnerOptions extends CppEvaluateOptions, MlcOptions, Pick<DescentOptions, "clipGrad"> {
  epochs: number;
  batchSize: number;
  lr: number;
  /** Learning rate of the cluster layer; `lr` unless given. */
  clusterLr?: number | undefined;
  /** 1e-4 unless given. */
  weightDecay?: number;
  /** Of the cluster layer; 5e-3 unless given. */
  clusterWeightDecay?: number;
  /** 0.9 unless given. */
  momentum?: number;
  /** The first `warmup` + 1 steps raise R(Z) alone; then the feature layer is copied into the cluster layer. */
  warmup: number;
  /** Steps between evaluations; the last step is always evaluated. */
  evalEvery?: number | undefined;
  /** Of the head's products; memberships and rates stay wide. */
  precision?: Precision;
}

/** CPP on a matrix of features. The head belongs to the caller; `dispose()` frees the optimisers. */
export class CppLearner implements Learner<FeatureBatch> {
  readonly steps: number;
  readonly unit = "features";
  readonly perEpoch: number;
  readonly evalEvery: number | undefined;
  readonly parts;
  private readonly descents: { features: Descent; clusters: Descent };

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
    this.evalEvery = options.evalEvery;
    const { lr, clusterLr = lr, weightDecay = 1e-4, clusterWeightDecay = 5e-3, clipGrad, across } = options;
    requireRows(across ?? { rank: 0, size: 1 }, {
      name: "the set",
      count: batchSize,
      batchSize,
      dropLast: true,
    });
    synchronise(head, across);
    const sgd = (name: string, parameters: Map<string, Tensor>, rate: number, decay: number) =>
      new Descent(head, {
        ...{ parameters, prefix: `${name}.`, lr: () => rate, clipGrad, across, losses: "whole" },
        optimizer: { name: "sgd", momentum, weightDecay: decay },
      });
    this.descents = {
      features: sgd("features", head.featureParameters(), lr, weightDecay),
      clusters: sgd("clusters", head.clusterParameters(), clusterLr, clusterWeightDecay),
    };
    this.parts = { head: weights(head), ...this.descents };
  }

  async *batches(from: number): AsyncGenerator<FeatureBatch> {
    const { features, batchSize, random, across } = this.options;
    yield* featureBatches(features, { batchSize, random, from, ...(across && { share: across }) });
  }

  size(): number {
    return this.options.batchSize;
  }

  step({ X }: FeatureBatch, at: number): Logged {
    const { head, options, descents } = this;
    const { warmup, clusterLr = options.lr } = options;
    head.train();
    const inputs = X.to(head.parameters()[0]!.device).to("float32");
    const warm = at <= warmup;
    // without a gradient the cluster layer is not even decayed; a tied head has none that moves
    const still = warm || clusterLr === 0 || descents.clusters.parameters.size === 0;
    const moving = still ? [descents.features] : [descents.features, descents.clusters];
    const loss = warm ? () => this.warmUp(inputs) : () => this.reduce(inputs);
    const step = descend(moving, [loss], at, { inputs: [inputs] });
    if (at === warmup) head.startClusters();
    return logged(step);
  }

  /** −R(Z) */
  private warmUp(X: Tensor) {
    const { epsilon, across } = this.options;
    const expansion = codingRate(
      this.lowered(() => this.head.apply(X)),
      { epsilon, across },
    );
    return { loss: expansion.neg(), expansion };
  }

  /** −R(Z) + Rᶜ(Z | Π) + penalty */
  private reduce(X: Tensor) {
    const { Z, C } = this.lowered(() => this.head.features(X));
    const { loss, expansion, compression } = mlcLoss(Z, membership(C, this.options), this.options);
    return { loss, expansion, compression };
  }

  /** The head alone is computed in the run's precision: memberships and rates stay wide. */
  private lowered<T>(body: () => T): T {
    const { precision = "fp32" } = this.options;
    return inPrecision(precision, this.head.parameters()[0]!.device, body);
  }

  /** What `evaluate` tells of, now. */
  measure(): CppEvaluation {
    const { across: _, ...options } = this.options; // every rank evaluates the same
    return evaluateCpp(this.head, options);
  }

  async evaluate(): Promise<Milestone> {
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
    if (agreement === undefined) return { numbers, text: spectrum };
    const { accuracy, nmi, ari, featureDetectionError, wrongEdges } = agreement;
    return {
      numbers: {
        ...numbers,
        ...inPercent({ "eval/accuracy": accuracy, "eval/nmi": nmi, "eval/ari": ari }),
        ...{ "eval/featureDetectionError": featureDetectionError, "eval/wrongEdges": 100 * wrongEdges },
      },
      score: accuracy,
      scored: "eval/accuracy",
      text: `accuracy ${percent(accuracy)}  NMI ${percent(nmi)}  ${spectrum}`,
    };
  }

  dispose(): void {
    for (const descent of Object.values(this.descents)) descent.dispose();
  }
  [Symbol.dispose](): void {
    this.dispose();
  }
}
