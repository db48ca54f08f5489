/** @file What a classifier is worth: cross entropy with label smoothing, top-1 and top-5 accuracy. */

import { type BatchOptions, batches, type ImageSource, rowsOf, sourceSubset } from "../../data/index.ts";
import type { Module } from "../../nn/index.ts";
import { type Group, noGrad, operator, run, scope, type Tensor } from "../../tensor/index.ts";

const CROSS_ENTROPY = operator("cross_entropy_loss");
const MEAN = 1;
const SUM = 2;
/** A label that counts for nothing; PyTorch's, and ours never have it. */
const IGNORE = -100;

/**
 * Cross entropy with label smoothing s over C classes, as timm's and PyTorch's:
 *
 *     −(1 − s) log p_y − s/C Σ_c log p_c
 *
 * @param logits [b, C]; half precisions are widened to float32 first
 * @param labels [b], int64
 * @returns [], over the batch
 */
export function crossEntropy(
  logits: Tensor,
  labels: Tensor,
  smoothing = 0,
  reduction: "mean" | "sum" = "mean",
): Tensor {
  const wide = logits.dtype === "float64" ? logits : logits.to("float32");
  const how = reduction === "mean" ? MEAN : SUM;
  return run(CROSS_ENTROPY, wide.h, labels.h, null, how, IGNORE, smoothing);
}

/** How many images have their label among the k largest of their logits [b, C]: [], int64. */
export function correctAt(logits: Tensor, labels: Tensor, k: number): Tensor {
  if (k === 1) return logits.argmax(-1).eq(labels).sum();
  const [, indices] = logits.topk(Math.min(k, logits.size(-1)), -1);
  return indices.eq(labels.unsqueeze(-1)).sum();
}

/** Of a classifier over a set. */
export interface Evaluation {
  /** Shares of the images, 0 to 1. */
  top1: number;
  top5: number;
  loss: number;
  count: number;
}

/** Fewest images that are evaluated at once: small batches are for learning. */
const AT_ONCE = 100;

/**
 * Top-1, top-5 and mean loss (without smoothing) of a classifier over a whole set, in the set's order.
 * @param options of training batches; what is for training only is left out
 * @param across processes that evaluate a part each
 */
export async function evaluateClassifier(
  module: Module,
  source: ImageSource,
  { augment: _, ...options }: BatchOptions,
  across?: Group,
): Promise<Evaluation> {
  const sums = { top1: 0, top5: 0, loss: 0, count: 0 };
  const own = across && sourceSubset(source, Int32Array.from(rowsOf(across, source.count)));
  const batchSize = Math.max(options.batchSize, AT_ONCE);
  const { training } = module;
  module.eval();
  for await (const { images, labels } of batches(own ?? source, { ...options, batchSize })) {
    await new Promise(setImmediate); // signals are heard here
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
  const { top1, top5, loss, count } = across?.sums(sums) ?? sums;
  return { top1: top1 / count, top5: top5 / count, loss: loss / count, count };
}
