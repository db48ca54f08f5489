/** @file A ReduNet from the Gram matrices of its classes alone, so that classes can be added without their old samples. */

import {
  CheckpointError,
  eye,
  keep,
  noGrad,
  scope,
  stack,
  type Tensor,
  tensor,
  UsageError,
} from "../../tensor/index.ts";
import { factor, inverseOf } from "./hermitian.ts";
import type { Layer } from "./layer.ts";
import { ReduNet, type ReduNetOptions } from "./redunet.ts";
import { Spectrum } from "./spectrum.ts";

export type GramOptions = Omit<ReduNetOptions, "classes"> & { epsilon: number; eta: number };

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
  build(options: GramOptions): ReduNet {
    const construction = this.begin(options);
    try {
      for (let l = 0; l < options.layers; l++) construction.grow();
      const { net } = construction;
      construction.forget();
      return net;
    } catch (error) {
      construction.dispose();
      throw error;
    }
  }

  /** The same, to be built layer by layer. @throws {UsageError} a number below K without samples */
  begin(options: GramOptions): GramConstruction {
    const K = this.grams.size;
    const found = Array.from({ length: K }, (_, j) => this.grams.get(j));
    if (K === 0 || found.includes(undefined))
      throw new UsageError(`grams: expected classes 0 to ${K - 1}, got ${[...this.grams.keys()].join(", ")}`);
    const S = noGrad(() => stack(found.map((gram) => gram!.sum))); //             [K, d, d]
    return new GramConstruction(S, this.counts, options);
  }

  /** nⱼ of each class, by its number. */
  get counts(): number[] {
    const counts: number[] = [];
    for (const [label, { count }] of this.grams) counts[label] = count;
    return counts;
  }

  /** `gram.3` → [d, d], float64; they belong to this. */
  stateDict(): Map<string, Tensor> {
    return new Map([...this.grams].map(([label, { sum }]) => [`gram.${label}`, sum]));
  }

  /** Copies of saved matrices in place of what there is. */
  load(state: ReadonlyMap<string, Tensor>, counts: readonly number[]): void {
    this.dispose();
    for (const [label, count] of counts.entries()) {
      const sum = state.get(`gram.${label}`);
      if (sum === undefined) throw new CheckpointError(`the checkpoint has no "gram.${label}"`);
      this.grams.set(label, { sum: keep(noGrad(() => sum.clone())), count });
    }
  }

  dispose(): void {
    for (const { sum } of this.grams.values()) sum.dispose();
    this.grams.clear();
  }
  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** A network of Gram matrices while it is built. It owns its tensors: `dispose()` frees them. */
export class GramConstruction {
  readonly layers: Layer[] = [];
  /** Gram matrices of the classes after the layers so far: [K, d, d], float64 */
  S: Tensor;
  private readonly gamma: Tensor; //                                            [K], float64

  /** @param S before the first layer; it is this object's from then on */
  constructor(
    S: Tensor,
    private readonly counts: readonly number[],
    private readonly options: GramOptions,
  ) {
    this.S = keep(S);
    const n = counts.reduce((a, b) => a + b, 0);
    const shares = counts.map((count) => count / n);
    this.gamma = keep(tensor(shares, { dtype: "float64", device: S.device }));
  }

  /** Builds the next layer, and takes the Gram matrices through it. @throws {NotFiniteError} naming the layer */
  grow(): void {
    const where = `redunet layer ${this.layers.length}`;
    const { operators, S, gamma } = noGrad(() =>
      scope(() => {
        const next = layerOf(this.S, this.gamma, this.counts, this.options, where);
        return { ...next, gamma: this.gamma.to("float32") };
      }, "layer"),
    );
    this.layers.push({ operators: keep(operators), gamma: keep(gamma) });
    this.S.dispose();
    this.S = keep(S);
  }

  /** Goes on from the layers of a network, which are its own from then on, and a copy of the matrices after them. */
  take({ layers }: ReduNet, S: Tensor): void {
    this.layers.push(...layers);
    this.S.dispose();
    this.S = keep(noGrad(() => S.clone()));
  }

  /** The network so far. It shares its tensors with this, and only one of both frees them. */
  get net(): ReduNet {
    const { layers, counts, options, S } = this;
    const settings = { ...options, classes: counts.length, layers: layers.length };
    return new ReduNet(settings, new Spectrum([S.size(-1)]), [...layers]);
  }

  /** Frees the matrices alone: what is left is the network's. */
  forget(): void {
    this.S.dispose();
    this.gamma.dispose();
  }

  dispose(): void {
    this.forget();
    for (const { operators, gamma } of this.layers) for (const each of [operators, gamma]) each.dispose();
  }
}

/** E and Cʲ [1, 1 + K, d, d] in single precision, and the next Gram matrices [K, d, d]. */
function layerOf(
  S: Tensor,
  gamma: Tensor,
  counts: readonly number[],
  { epsilon, eta }: { epsilon: number; eta: number },
  where: string,
): { operators: Tensor; S: Tensor } {
  const d = S.size(-1);
  const n = counts.reduce((a, b) => a + b, 0);
  const alpha = tensor(
    [n, ...counts].map((count) => d / (count * epsilon ** 2)),
    {
      dtype: "float64",
      device: S.device,
    },
  ).reshape([-1, 1, 1]); //                                                     [1 + K, 1, 1]
  const all = stack([S.sum(0), ...S.unbind(0)]); //                              [1 + K, d, d]
  const operators = inverseOf(factor(all.mul(alpha), where)).mul(alpha); //      E, C¹ … Cᴷ
  const [E, C] = [operators.narrow(0, 0, 1), operators.narrow(0, 1, counts.length)];
  const T = E.sub(C.mul(gamma.reshape([-1, 1, 1])))
    .mul(eta)
    .add(eye(d, { dtype: "float64", device: S.device }));
  const moved = T.matmul(S).matmul(T.T); //                                      [K, d, d]
  const energy = moved.diagonal().sum(-1).reshape([-1, 1, 1]);
  const target = tensor([...counts], { dtype: "float64", device: S.device }).reshape([-1, 1, 1]);
  return { operators: operators.to("float32").unsqueeze(0), S: moved.mul(target).div(energy) };
}
