/**
 * @file Segmentation by agglomeration (Ma, Derksen, Hong and Wright 2007): from one segment per point, the pair whose
 * union saves the most nats is merged, until none does.
 */

import type { RateOptions } from "../../rate/index.ts";
import { aten, eye, noGrad, scope, type Tensor, tensor, UsageError } from "../../tensor/index.ts";
import { checkFeatureSet } from "../feature-set.ts";

export interface Segmentation {
  /** Segment of each point, numbered by their first points: int64 [n] */
  assigned: Tensor;
  segments: number;
  /** Total coding length before the first merge and after each, falling, nats. */
  lengths: number[];
}

/** log det of I + G for a batch [b, d, d]. One call of LAPACK's loop: thousands of tiny matrices are its best case. */
function logdets(grams: Tensor): Tensor {
  const M = grams.add(eye(grams.size(-1), { dtype: grams.dtype }));
  const [L] = aten<[Tensor, Tensor]>("linalg_cholesky_ex", M);
  return L.diagonal().log().sum(-1).mul(2);
}

/** The state: who is still there, what each segment and each union of two takes. */
class Merging {
  readonly n: number;
  private readonly d: number;
  private readonly grams: Tensor; //                                            [n, d, d], float64
  readonly counts: Float64Array;
  readonly own: Float64Array; //                                                nats of each segment
  readonly union: Float64Array; //                                              nats of each pair's union, [n, n]
  readonly best: Int32Array; //                                                 the best partner of each
  readonly active: Set<number>;

  constructor(
    Z: Tensor,
    private readonly epsSq: number,
  ) {
    [this.n, this.d] = Z.shape as [number, number];
    const { n } = this;
    const wide = Z.to("float64");
    this.grams = wide.unsqueeze(2).mul(wide.unsqueeze(1));
    this.counts = new Float64Array(n).fill(1);
    this.active = new Set(Array.from({ length: n }, (_, i) => i));
    const [alone, pair] = [this.alpha(1), this.alpha(2)];
    const squares = wide.square().sum(1); //                                    [n]
    const lengths = squares.mul(alone).log1p().mul(this.factor(1)).add(this.label(1));
    this.own = lengths.data() as Float64Array;
    // det(I + α(xxᵀ + yyᵀ)) = 1 + α|x|² + α|y|² + α² (|x|²|y|² − (x·y)²)
    const [rows, columns] = [squares.unsqueeze(1), squares.unsqueeze(0)];
    const area = rows.mul(columns).sub(wide.matmul(wide.T).square()).clamp(0); // not below 0 by rounding
    const dets = area.mul(pair).add(rows).add(columns).mul(pair);
    this.union = dets.log1p().mul(this.factor(2)).add(this.label(2)).data() as Float64Array;
    this.best = new Int32Array(n);
    for (const i of this.active) this.find(i);
  }

  private alpha = (count: number): number => this.d / (count * this.epsSq);
  /** Before log det: (m + d)/2. */
  private factor = (count: number): number => (count + this.d) / 2;
  /** Nats for the labels of a segment: m log(n/m). */
  private label = (count: number): number => count * Math.log(this.n / count);

  /** Nats that merging i and j saves. */
  saving(i: number, j: number): number {
    return this.own[i]! + this.own[j]! - this.union[i * this.n + j]!;
  }

  /** Looks for the best partner of i among all that are there; itself where it is alone. */
  private find(i: number): void {
    let [best, most] = [i, Number.NEGATIVE_INFINITY];
    for (const j of this.active) {
      if (j === i) continue;
      const saving = this.saving(i, j);
      if (saving > most) [best, most] = [j, saving];
    }
    this.best[i] = best;
  }

  /** Puts segment j into i, and measures every union with it anew in one batch. */
  merge(i: number, j: number): void {
    const { n, counts, union, active, best } = this;
    active.delete(j);
    counts[i]! += counts[j]!;
    this.own[i] = union[i * n + j]!;
    const others = [...active].filter((k) => k !== i);
    best[i] = i;
    if (others.length === 0) return;
    const values = scope(() => {
      this.grams.select(0, i).add_(this.grams.select(0, j));
      const scale = tensor(
        others.map((k) => this.alpha(counts[i]! + counts[k]!)),
        { dtype: "float64" },
      );
      const rows = this.grams.indexSelect(0, tensor(Int32Array.from(others)));
      const sums = rows.add(this.grams.select(0, i)).mul(scale.reshape([-1, 1, 1])); // [others, d, d]
      return logdets(sums).data() as Float64Array;
    }, "merge");
    others.forEach((k, at) => {
      const count = counts[i]! + counts[k]!;
      const length = this.factor(count) * values[at]! + this.label(count);
      union[i * n + k] = length;
      union[k * n + i] = length;
    });
    this.find(i);
    for (const k of others)
      if (best[k] === i || best[k] === j) this.find(k);
      else if (this.saving(k, i) > this.saving(k, best[k]!)) best[k] = i;
  }

  /** The pair that saves most, and how much; undefined where one segment is left. */
  next(): { i: number; j: number; saving: number } | undefined {
    let found: { i: number; j: number; saving: number } | undefined;
    for (const i of this.active) {
      const j = this.best[i]!;
      if (j === i) continue;
      const saving = this.saving(i, j);
      if (found === undefined || saving > found.saving)
        found = { i: Math.min(i, j), j: Math.max(i, j), saving };
    }
    return found;
  }
}

/**
 * Segments points that lie near linear subspaces through the origin, without being told how many: the coding length
 *
 *     L = Σₖ (nₖ + d) ½ log det(I + d/(nₖ ε²) ZₖᵀZₖ) + nₖ log(n/nₖ)
 *
 * falls with every merge. ε should be near the noise: one that is much larger joins everything.
 *
 * Takes n² numbers, n d² for the Gram matrices, and about n² log-determinants of d × d in n batches: a second or so for
 * 1000 points in R³; meant for d of a few dozen at most.
 *
 * @param Z points, [n, d], of any length
 * @param options ε √0.1 unless given
 * @throws {DataError} points that are not finite
 */
export function mergeSegments(Z: Tensor, { epsilon }: RateOptions): Segmentation {
  checkFeatureSet(Z);
  if (!(epsilon > 0 && Number.isFinite(epsilon)))
    throw new UsageError(`merge segments: expected a precision above 0, got ${epsilon}`);
  return noGrad(() =>
    scope(() => {
      const state = new Merging(Z.detach().to("cpu"), epsilon ** 2);
      const parent = Int32Array.from({ length: state.n }, (_, i) => i);
      const lengths = [state.own.reduce((sum, length) => sum + length, 0)];
      for (let pair = state.next(); pair !== undefined && pair.saving > 0; pair = state.next()) {
        state.merge(pair.i, pair.j);
        parent[pair.j] = pair.i;
        lengths.push(lengths.at(-1)! - pair.saving);
      }
      // a segment keeps the smaller number of two, so that its parent is always before it
      const segment = new Map([...state.active].sort((a, b) => a - b).map((i, at) => [i, at]));
      const assigned = new BigInt64Array(state.n);
      for (let i = 0; i < state.n; i++)
        assigned[i] = parent[i] === i ? BigInt(segment.get(i)!) : assigned[parent[i]!]!;
      return { assigned: tensor(assigned), segments: segment.size, lengths };
    }, "merge segments"),
  );
}
