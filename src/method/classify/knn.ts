/** @file The k nearest neighbours by cosine. */

import { arange, aten, cat, keep, noGrad, scope, type Tensor, UsageError } from "../../tensor/index.ts";
import { type Classifier, checkDimension, checkFeatures } from "./classifier.ts";

/** Samples compared at a time: the table of similarities is this many rows by all training samples. */
const ROWS = 1024;

/**
 * A classifier by the majority among the k training features of largest cosine; ties go to the smallest label.
 *
 * @param Z training features, [n, d]
 * @param labels int64 [n], 0 ≤ label < classes
 * @throws {UsageError} k not from 1 to n, features not finite
 */
export function knn(Z: Tensor, labels: Tensor, options: { k: number; classes: number }): Classifier {
  checkFeatures("k-nn", Z, labels);
  const { k, classes } = options;
  if (!(Number.isInteger(k) && k >= 1 && k <= Z.size(0)))
    throw new UsageError(`k-nn: expected k from 1 to the ${Z.size(0)} training samples, got ${k}`);
  const [known, own] = noGrad(() => scope(() => [unit(Z.detach()), labels.clone()] as const, "k-nn"));
  return new Fitted(keep(known), keep(own), k, classes);
}

/** Rows scaled to length 1; zero rows stay. */
const unit = (Z: Tensor): Tensor => Z.div(Z.norm([1], true).clamp(1e-12));

class Fitted implements Classifier {
  constructor(
    private readonly known: Tensor, //                                          [n, d]
    private readonly labels: Tensor, //                                         [n]
    private readonly k: number,
    private readonly classes: number,
  ) {}

  predict(Z: Tensor): Tensor {
    checkDimension("k-nn", Z, this.known.size(1));
    return noGrad(() =>
      scope(() => {
        const parts: Tensor[] = [];
        for (let at = 0; at < Z.size(0); at += ROWS)
          parts.push(scope(() => this.vote(Z.narrow(0, at, Math.min(ROWS, Z.size(0) - at))), "neighbours"));
        return cat(parts);
      }, "k-nn"),
    );
  }

  private vote(Z: Tensor): Tensor {
    const [, nearest] = unit(Z.detach()).matmul(this.known.T).topk(this.k, 1); // [b, k]
    const votes = aten("one_hot", this.labels.index([nearest]), this.classes).sum([1]); // [b, K]
    const order = arange(this.classes, { device: Z.device });
    return votes.mul(this.classes).sub(order).argmax(1); // the order decides between equal votes
  }

  dispose(): void {
    this.known.dispose();
    this.labels.dispose();
  }
  [Symbol.dispose](): void {
    this.dispose();
  }
}
