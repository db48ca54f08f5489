/** @file iCaRL: exemplars chosen by herding, distillation, the nearest mean of exemplars. */

import { toSphere } from "../../../nn/index.ts";
import { aten, cat, noGrad, scope, stack, type Tensor, tensor } from "../../../tensor/index.ts";
import { above, below } from "../../../train/stateful.ts";
import type { IncrementalClassifier } from "./classifier.ts";
import { Exemplars } from "./exemplars.ts";
import type { Strategy, TaskView } from "./strategy.ts";

/** iCaRL: exemplars chosen by herding, distillation, and the nearest mean of exemplars. */
export class Icarl implements Strategy {
  private readonly exemplars = new Exemplars();
  private before: IncrementalClassifier | undefined;

  /** @param budget images kept in all: 2000 */
  constructor(private readonly budget = 2000) {}

  begin({ model, old }: TaskView): void {
    this.before?.dispose();
    this.before = old > 0 ? scope(() => model.frozen()) : undefined;
  }

  /** Binary cross entropy: old classes against the answers of the net before, new ones against the labels. */
  loss(view: TaskView, images: Tensor, labels: Tensor): Tensor {
    const { before } = this;
    const kept =
      this.exemplars.count > 0 ? this.exemplars.draw(images.size(0), this.stream(view)) : undefined;
    const X = kept === undefined ? images : cat([images, kept.images]);
    const y = kept === undefined ? labels : cat([labels, kept.labels]);
    const logits = view.model.apply(X).narrow(1, 0, view.seen);
    const targets = noGrad(() => {
      const hot = aten<Tensor>("one_hot", y, view.seen).to("float32");
      if (before === undefined) return hot;
      const old = before.apply(X).narrow(1, 0, view.old).sigmoid();
      return cat([old, hot.narrow(1, view.old, view.fresh.length)], 1);
    });
    return aten<Tensor>("binary_cross_entropy_with_logits", logits, targets).mul(view.seen);
  }

  private stream = ({ random, replayed }: TaskView) => random.at(`exemplars.${replayed}`);

  end(view: TaskView, images: Tensor, labels: Tensor): void {
    const perClass = Math.floor(this.budget / view.seen);
    this.exemplars.cut(perClass);
    for (const label of view.fresh) {
      const own = images.index([labels.eq(label)]);
      const chosen = herd(toSphere(view.model.encoder.apply(own)), Math.min(perClass, own.size(0)));
      this.exemplars.put(label, own.indexSelect(0, tensor(BigInt64Array.from(chosen, BigInt))));
    }
  }

  predict({ model }: TaskView, images: Tensor): Tensor {
    const means = this.exemplars.labels.map((label) =>
      toSphere(toSphere(model.encoder.apply(this.exemplars.of(label))).mean(0)),
    );
    const nearest = toSphere(model.encoder.apply(images)).matmul(stack(means).T).argmax(-1);
    return tensor(BigInt64Array.from(this.exemplars.labels, BigInt)).indexSelect(0, nearest);
  }

  get bytes(): number {
    return this.exemplars.bytes;
  }
  stateDict(): Map<string, Tensor> {
    return new Map([
      ...above(this.before?.stateDict() ?? new Map(), "before."),
      ...this.exemplars.stateDict(),
    ]);
  }
  load(state: ReadonlyMap<string, Tensor>, model: IncrementalClassifier): void {
    this.dispose();
    const before = below(state, "before.");
    if (before.size > 0) this.before = scope(() => model.frozen(before));
    this.exemplars.load(state);
  }

  dispose(): void {
    this.before?.dispose();
    this.before = undefined;
    this.exemplars.dispose();
  }
}

/** Rows whose running mean stays nearest to the mean of all: Z [n, d] → indices, the best first. @see Rebuffi et al. 2017, herding */
export function herd(Z: Tensor, count: number): number[] {
  return scope(() => {
    const mean = Z.mean(0);
    const chosen: number[] = [];
    const taken = new Set<number>();
    let sum = mean.mul(0);
    for (let i = 0; i < count; i++) {
      const distances = Z.add(sum)
        .div(i + 1)
        .sub(mean)
        .square()
        .sum(1)
        .numbers();
      let best = -1;
      distances.forEach((distance, row) => {
        if (!taken.has(row) && (best < 0 || distance < distances[best]!)) best = row;
      });
      chosen.push(best);
      taken.add(best);
      sum = sum.add(Z.select(0, best));
    }
    return chosen;
  }, "herding");
}
