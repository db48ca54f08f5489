/** @file The k nearest neighbours by cosine, with equal votes or with nearer ones counting more. */

import {
  arange,
  aten,
  cat,
  type Group,
  gatherRows,
  keep,
  noGrad,
  scope,
  type Tensor,
  UsageError,
} from "../../tensor/index.ts";
import { type Classifier, checkDimension, checkFeatures } from "./classifier.ts";

/** Samples compared at a time: the table of similarities is this many rows by all training samples. */
const ROWS = 1024;

export interface KnnOptions {
  k: number;
  classes: number;
  /** τ: a neighbour's vote weighs exp(cos/τ), as DINO's evaluation has it with 0.07; votes are equal unless given. */
  temperature?: number;
  /** Processes that have other training features: neighbours are found among those of all, which are sent once, n d and n numbers. */
  across?: Group | undefined;
}

/**
 * A classifier by the majority among the k training features of largest cosine; ties go to the smallest label.
 *
 * @param Z training features, [n, d]
 * @param labels int64 [n], 0 ≤ label < classes
 * @throws {UsageError} k not from 1 to n, τ not above 0, features not finite
 */
export function knn(Z: Tensor, labels: Tensor, options: KnnOptions): Classifier {
  checkFeatures("k-nn", Z, labels);
  const { k, temperature, across } = options;
  if (temperature !== undefined && !(temperature > 0))
    throw new UsageError(`k-nn: expected a temperature above 0, got ${temperature}`);
  const [known, own] = noGrad(() =>
    scope(() => {
      const units = unit(Z.detach());
      if (across === undefined) return [units, labels.clone()] as const;
      const counts = across.numbers([labels.numel]).flat();
      return [gatherRows(units, across, counts), gatherRows(labels, across, counts)] as const;
    }, "k-nn"),
  );
  const n = known.size(0);
  if (!(Number.isInteger(k) && k >= 1 && k <= n)) {
    for (const tensor of [known, own]) tensor.dispose();
    throw new UsageError(`k-nn: expected k from 1 to the ${n} training samples, got ${k}`);
  }
  return new Fitted(keep(known), keep(own), options);
}

/** Rows scaled to length 1; zero rows stay. */
const unit = (Z: Tensor): Tensor => Z.div(Z.norm([1], true).clamp(1e-12));

class Fitted implements Classifier {
  constructor(
    private readonly known: Tensor, //                                          [n, d]
    private readonly labels: Tensor, //                                         [n]
    private readonly options: KnnOptions,
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
    const { k, classes, temperature } = this.options;
    const [cosines, nearest] = unit(Z.detach()).matmul(this.known.T).topk(k, 1); // [b, k]
    const ballots = aten("one_hot", this.labels.index([nearest]), classes); //  [b, k, K]
    if (temperature !== undefined) {
      const weights = cosines.sub(1).div(temperature).exp().unsqueeze(-1); //   at most 1
      return ballots.mul(weights).sum([1]).argmax(1);
    }
    const order = arange(classes, { device: Z.device });
    return ballots.sum([1]).mul(classes).sub(order).argmax(1); // the order decides between equal votes
  }

  dispose(): void {
    this.known.dispose();
    this.labels.dispose();
  }
  [Symbol.dispose](): void {
    this.dispose();
  }
}
