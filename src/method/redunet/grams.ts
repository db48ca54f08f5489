/** @file A ReduNet from the Gram matrices of its classes alone, so that classes can be added without their old samples. */

import { eye, keep, noGrad, scope, stack, type Tensor, tensor, UsageError } from "../../tensor/index.ts";
import { factor, inverseOf } from "./hermitian.ts";
import type { Layer } from "./layer.ts";
import { ReduNet, type ReduNetOptions } from "./redunet.ts";
import { Spectrum } from "./spectrum.ts";

/**
 * Σⱼ = XⱼXⱼᵀ and nⱼ of each class of vectors. With the true memberships and one rescaling for a whole class, a layer maps
 * class j by Tⱼ = I + η (E − γⱼ Cʲ), so that
 *
 *     Σⱼ ← sⱼ² Tⱼ Σⱼ Tⱼᵀ,     sⱼ such that tr Σⱼ = nⱼ,
 *
 * and E and Cʲ of every layer follow from the Σⱼ of the first: what was built of classes that came one after the other
 * is what would have been built of all at once.
 *
 * @see Chan et al. 2022, forward construction
 */
export class ClassGrams {
  private readonly grams = new Map<number, { sum: Tensor; count: number }>(); // [d, d], float64

  /** What is kept, in bytes. */
  get bytes(): number {
    return [...this.grams.values()].reduce((bytes, { sum }) => bytes + 8 * sum.numel, 0);
  }

  /**
   * Adds samples X [n, d], scaled to length 1, of labels int64 [n].
   * @throws {UsageError} another dimension than before
   */
  add(X: Tensor, labels: Tensor): void {
    noGrad(() =>
      scope(() => {
        const unit = X.to("float64").div(X.to("float64").norm([1], true).clamp(1e-8));
        for (const label of new Set(labels.numbers())) {
          const rows = unit.index([labels.eq(label)]); //                        [n_j, d]
          const sum = rows.T.matmul(rows);
          const known = this.grams.get(label);
          if (known !== undefined && known.sum.size(0) !== sum.size(0))
            throw new UsageError(
              `grams: expected samples of dimension ${known.sum.size(0)}, got ${sum.size(0)}`,
            );
          if (known === undefined) this.grams.set(label, { sum: keep(sum), count: rows.size(0) });
          else {
            known.sum.add_(sum);
            known.count += rows.size(0);
          }
        }
      }, "add grams"),
    );
  }

  /** The network of the classes seen so far, numbered 0 to K − 1. @throws {UsageError} a number below K without samples */
  build(options: Omit<ReduNetOptions, "classes"> & { precision: number; step: number }): ReduNet {
    const K = this.grams.size;
    const found = Array.from({ length: K }, (_, j) => this.grams.get(j));
    if (K === 0 || found.includes(undefined))
      throw new UsageError(`grams: expected classes 0 to ${K - 1}, got ${[...this.grams.keys()].join(", ")}`);
    return noGrad(() =>
      scope(() => {
        const counts = found.map((gram) => gram!.count);
        const n = counts.reduce((a, b) => a + b, 0);
        const d = found[0]!.sum.size(0);
        const gamma = tensor(
          counts.map((count) => count / n),
          { dtype: "float64", device: found[0]!.sum.device },
        );
        let S = stack(found.map((gram) => gram!.sum)); //                        [K, d, d]
        const layers: Layer[] = [];
        for (let l = 0; l < options.layers; l++) {
          const next = scope(() => layerOf(S, gamma, counts, options, `redunet layer ${l}`), "layer");
          layers.push({ operators: next.operators, gamma: gamma.to("float32") });
          S.dispose();
          S = next.S;
        }
        return new ReduNet({ ...options, classes: K }, new Spectrum([d]), layers);
      }, "build of grams"),
    );
  }

  dispose(): void {
    for (const { sum } of this.grams.values()) sum.dispose();
    this.grams.clear();
  }
  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** E and Cʲ [1, 1 + K, d, d] in single precision, and the next Gram matrices [K, d, d]. */
function layerOf(
  S: Tensor,
  gamma: Tensor,
  counts: readonly number[],
  { precision, step }: { precision: number; step: number },
  where: string,
): { operators: Tensor; S: Tensor } {
  const d = S.size(-1);
  const n = counts.reduce((a, b) => a + b, 0);
  const alpha = tensor(
    [n, ...counts].map((count) => d / (count * precision ** 2)),
    {
      dtype: "float64",
      device: S.device,
    },
  ).reshape([-1, 1, 1]); //                                                     [1 + K, 1, 1]
  const all = stack([S.sum(0), ...S.unbind(0)]); //                              [1 + K, d, d]
  const operators = inverseOf(factor(all.mul(alpha), where)).mul(alpha); //      E, C¹ … Cᴷ
  const [E, C] = [operators.narrow(0, 0, 1), operators.narrow(0, 1, counts.length)];
  const T = E.sub(C.mul(gamma.reshape([-1, 1, 1])))
    .mul(step)
    .add(eye(d, { dtype: "float64", device: S.device }));
  const moved = T.matmul(S).matmul(T.T); //                                      [K, d, d]
  const energy = moved.diagonal().sum(-1).reshape([-1, 1, 1]);
  const target = tensor([...counts], { dtype: "float64", device: S.device }).reshape([-1, 1, 1]);
  return { operators: operators.to("float32").unsqueeze(0), S: moved.mul(target).div(energy) };
}
