/** @file Learning from labels: cross entropy with label smoothing, and top-1 and top-5 accuracy. */

import { type Batch, type BatchOptions, batchCount, batches, type ImageSource } from "../data/index.ts";
import type { Module } from "../nn/index.ts";
import { noGrad, operator, run, scope, type Tensor } from "../tensor/index.ts";
import { firstNotFinite } from "../train/locate.ts";
import type { BatchLoss, Evaluation, Task } from "../train/task.ts";

const CROSS_ENTROPY = operator("cross_entropy_loss");
const MEAN = 1;
const SUM = 2;

/**
 * Cross entropy with label smoothing s over C classes, as timm's and PyTorch's:
 *
 *     −(1 − s) log p_y − s/C Σ_c log p_c
 *
 * @param logits [b, C]
 * @param labels [b], int64
 */
export function crossEntropy(
  logits: Tensor,
  labels: Tensor,
  smoothing = 0,
  reduction: "mean" | "sum" = "mean",
): Tensor {
  const wide = logits.to("float32"); // logarithms are not taken in half precision
  return run(
    CROSS_ENTROPY,
    (logits.dtype === "float64" ? logits : wide).h,
    labels.h,
    null,
    reduction === "mean" ? MEAN : SUM,
    -100,
    smoothing,
  );
}

/** How many images have their label among the k largest logits: []. */
export function correctAt(logits: Tensor, labels: Tensor, k: number): Tensor {
  if (k === 1) return logits.argmax(-1).eq(labels).sum();
  const [, indices] = logits.topk(Math.min(k, logits.size(-1)), -1);
  return indices.eq(labels.unsqueeze(-1)).sum();
}

/** Top-1, top-5 and mean loss of a classifier over a whole set. */
export async function evaluateClassifier(
  module: Module,
  source: ImageSource,
  options: BatchOptions,
): Promise<Evaluation> {
  const sums = { top1: 0, top5: 0, loss: 0, count: 0 };
  const { training } = module;
  module.eval();
  for await (const { images, labels } of batches(source, options)) {
    const batch = noGrad(() =>
      scope(() => {
        const logits = module.apply(images);
        return {
          top1: correctAt(logits, labels, 1).item(),
          top5: correctAt(logits, labels, 5).item(),
          loss: crossEntropy(logits, labels, 0, "sum").item(),
        };
      }, "evaluation"),
    );
    sums.top1 += batch.top1;
    sums.top5 += batch.top5;
    sums.loss += batch.loss;
    sums.count += labels.numel;
  }
  module.train(training);
  const { count } = sums;
  return { top1: sums.top1 / count, top5: sums.top5 / count, loss: sums.loss / count, count };
}

export interface SupervisedOptions {
  smoothing: number;
  accumulate: number;
  train: ImageSource;
  test: ImageSource;
  /** Batches of training; evaluation takes its size, normalisation and device from it. */
  batch: BatchOptions;
}

/** A classifier that learns from labelled images. */
export class Supervised implements Task<Batch> {
  readonly batchesPerEpoch: number;

  constructor(
    readonly module: Module,
    private readonly options: SupervisedOptions,
  ) {
    const { train, batch } = options;
    this.batchesPerEpoch = batchCount(train.count, batch.batchSize, true);
  }

  batches(epoch: number, start: number): AsyncIterable<Batch> {
    return batches(this.options.train, {
      ...this.options.batch,
      epoch,
      start,
      shuffle: true,
      dropLast: true,
    });
  }

  size(batch: Batch): number {
    return batch.indices.length;
  }

  loss({ images, labels, mixed }: Batch): BatchLoss {
    const { smoothing } = this.options;
    const logits = this.module.apply(images); //                                [b, C]
    const own = crossEntropy(logits, labels, smoothing);
    const loss =
      mixed === undefined
        ? own
        : own.mul(mixed.lambda).add(crossEntropy(logits, mixed.other, smoothing).mul(1 - mixed.lambda));
    return { loss, correct: noGrad(() => correctAt(logits, labels, 1)) };
  }

  evaluate(): Promise<Evaluation> {
    const { batch, test } = this.options;
    const { batchSize, normalise, imageSize, device } = batch;
    const options = { batchSize: Math.max(batchSize, 100), normalise, imageSize, device };
    return evaluateClassifier(this.module, test, clean(options));
  }

  locate({ images }: Batch): string | undefined {
    return firstNotFinite(this.module, images);
  }
}

/** Without the keys that are undefined: an optional key is absent or has a value. */
function clean(
  options: { [Key in keyof BatchOptions]: BatchOptions[Key] | undefined } & { batchSize: number },
): BatchOptions {
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as unknown as BatchOptions;
}
