/** @file The linear classifier that the masked autoencoders' papers train on frozen features: LARS on a standardised input. */

import {
  keep,
  noGrad,
  operator,
  type Random,
  run,
  runInPlace,
  scope,
  type Tensor,
  zeros,
} from "../../tensor/index.ts";
import { warmedCosine } from "../../train/schedule.ts";
import { type Classifier, checkDimension, checkFeatures } from "./classifier.ts";
import { statisticsOf } from "./standardise.ts";

const CROSS_ENTROPY = operator("cross_entropy_loss");
const MEAN = 1;
const TRUST = 0.001;
const MOMENTUM = 0.9;

/** What is learned of a linear classifier: weights and bias with their momenta, and the features' statistics. */
export type HeadState = Record<"weight" | "bias" | "mWeight" | "mBias" | "mean" | "deviation", Tensor>;

/**
 * logits = W x̂ + b, x̂ the features with mean 0 and deviation 1. One step of LARS, without decay:
 *
 *     m_W ← μ m_W + τ ‖W‖/‖g_W‖ g_W,  W ← W − lr m_W,   τ = 0.001, μ = 0.9;   b by plain momentum
 *
 * @see He et al. 2022, linear probing
 */
export class LarsHead implements Classifier {
  readonly state: HeadState;

  /** @param Z training features [n, d]: their statistics are taken. W starts from N(0, 0.01²), b from 0. */
  constructor(Z: Tensor, classes: number, random: Random) {
    const d = Z.size(1);
    const place = { device: Z.device };
    const statistics = statisticsOf(Z);
    this.state = scope(() => ({
      weight: keep(random.normal([classes, d], place).mul(0.01)),
      ...{ bias: keep(zeros([classes], place)), mWeight: keep(zeros([classes, d], place)) },
      ...{ mBias: keep(zeros([classes], place)), ...statistics },
    }));
  }

  /** One step on features [b, d] and labels int64 [b]; the cross entropy before it. */
  step(Z: Tensor, labels: Tensor, lr: number): number {
    return noGrad(() =>
      scope(() => {
        const { weight, bias, mWeight, mBias, mean, deviation } = this.state;
        const logits = this.logits(Z); //                                       [b, K]
        const loss = run(CROSS_ENTROPY, logits.h, labels.h, null, MEAN, -100, 0);
        const hits = zeros(logits.shape, { device: Z.device });
        runInPlace(SCATTER, hits.h, 1, labels.unsqueeze(1).h, 1);
        const error = logits.softmax(-1).sub(hits).div(Z.size(0)); //           [b, K], ∂loss/∂logits
        const sums = error.sum(0); //                                           [K]
        const products = error.T.matmul(Z).sub(sums.unsqueeze(1).mul(mean)); // [K, d]
        const gradient = products.div(deviation); //                            error x̂ᵀ
        const trust = weight.norm().div(gradient.norm().clamp(1e-30)).mul(TRUST);
        mWeight.mul_(MOMENTUM).add_(gradient.mul(trust));
        mBias.mul_(MOMENTUM).add_(sums);
        weight.sub_(mWeight.mul(lr));
        bias.sub_(mBias.mul(lr));
        return loss.item();
      }, "lars step"),
    );
  }

  /** W x̂ + b, with the statistics taken into W and b: features are many, weights few. */
  private logits(Z: Tensor): Tensor {
    const { weight, bias, mean, deviation } = this.state;
    const scaled = weight.div(deviation); //                                    [K, d]
    return Z.linear(scaled, bias.sub(scaled.matmul(mean)));
  }

  predict(Z: Tensor): Tensor {
    checkDimension("linear probe", Z, this.state.weight.size(1));
    return noGrad(() => scope(() => this.logits(Z).argmax(1), "linear probe"));
  }

  dispose(): void {
    for (const each of Object.values(this.state)) each.dispose();
  }
  [Symbol.dispose](): void {
    this.dispose();
  }
}

const SCATTER = operator("scatter_.value");

export interface LarsOptions {
  classes: number;
  /** Of the weights at the start and of the order of samples. */
  random: Random;
  /** 90 as in the paper. */
  epochs?: number;
}

/** The paper's rate for its batch of 16,384 images, 0.1 · 16384 / 256. */
export const LARS_RATE = 6.4;
/** Of the authors' code. */
const WARMUP_EPOCHS = 10;
/** The paper's 1.28 million images in batches of 16,384. */
const STEPS_AN_EPOCH = 78;
const LEAST = 64;

/** As many images as give an epoch the paper's number of steps, at least 64. */
export const larsBatch = (n: number): number => Math.min(n, Math.max(LEAST, Math.ceil(n / STEPS_AN_EPOCH)));

/**
 * Trains the head to its end, with the paper's rate and about its number of steps.
 * @param Z features, [n, d]
 * @param labels int64 [n], 0 ≤ label < classes
 * @throws {UsageError} features not finite
 */
export function larsProbe(Z: Tensor, labels: Tensor, options: LarsOptions): LarsHead {
  checkFeatures("linear probe", Z, labels);
  const { classes, random, epochs = 90 } = options;
  const n = Z.size(0);
  const batchSize = larsBatch(n);
  const perEpoch = Math.floor(n / batchSize);
  const head = new LarsHead(Z, classes, random.at("head"));
  const rate = warmedCosine({ total: epochs * perEpoch, warmup: WARMUP_EPOCHS * perEpoch });
  for (let epoch = 0; epoch < epochs; epoch++) {
    using order = random.at(`order.${epoch}`).permutation(n, { device: Z.device });
    for (let i = 0; i < perEpoch; i++)
      scope(() => {
        const rows = order.narrow(0, i * batchSize, batchSize);
        head.step(
          Z.indexSelect(0, rows),
          labels.indexSelect(0, rows),
          LARS_RATE * rate(epoch * perEpoch + i),
        );
      });
  }
  return head;
}
