/** @file The matrices I + α Σ v vᴴ that layers and rates are made of, factored on their smaller side. */

import { largestOf } from "../../base/extremes.ts";
import { type Segments, segments } from "../../rate/index.ts";
import { aten, type Group, gatherRows, scope, type Tensor, tensor } from "../../tensor/index.ts";
import { conjugate, factor, inverseOf } from "./hermitian.ts";
import { realOf, realView } from "./spectrum.ts";

/**
 * I + α Σ v vᴴ over m samples of C channels, by Cholesky factors: of itself, C × C, or where there are fewer samples than
 * channels of I + α VVᴴ, m × m, which has the same determinant; the conjugate samples times √α are then kept.
 */
export interface Factored {
  L: Tensor; //                                                                 [..., C, C] or [..., m, m]
  samples?: Tensor; //                                                          [..., m, C]
}

/** Samples in all, and of each class. */
export type Counts = Pick<Segments, "total" | "counts">;

/** Other processes that hold samples of the same classes, and the classes of those that are here, int64 [n_r]. */
export interface Spread {
  group: Group;
  labels: Tensor;
}

/** α = C / (n ε²); 0 without samples. */
const alphaOf = (count: number, channels: number, epsSq: number): number =>
  count > 0 ? channels / (count * epsSq) : 0;

/** α of all samples and of each class: [1 + K] */
export const alphas = ({ total, counts }: Counts, channels: number, epsSq: number): number[] =>
  [total, ...counts].map((count) => alphaOf(count, channels, epsSq));

/**
 * Per frequency, for all samples and for each class.
 *
 * @param V features [P, n, C]
 * @param where names the place in errors
 * @param spread where other processes hold samples too: the factors are those of all
 * @returns all: [P, …]; each: [P, K, …]; the samples that they are of
 */
export function factored(
  V: Tensor,
  classes: Segments,
  epsSq: number,
  where: string,
  spread?: Spread,
): { all: Factored; each: Factored; counts: Counts } {
  if (spread !== undefined) return ofAll(V, classes, epsSq, where, spread);
  return scope(() => {
    const { counts, total } = classes;
    const place = { dtype: realOf(V), device: V.device };
    const scales = alphas(classes, V.size(-1), epsSq).map(Math.sqrt);
    const sorted = classes.pad(V.transpose(0, 1)).permute([2, 0, 1, 3]).contiguous(); // [P, K, m, C]
    const rows = sorted.mul_(tensor(scales.slice(1), place).reshape([-1, 1, 1]));
    const each = side(rows, where);
    const found = { counts: { counts, total } };
    if (each.samples !== undefined)
      return { ...found, all: side(V.mul(scales[0]!), where).done(), each: each.done() };
    const shares = tensor(
      counts.map((count) => count / total),
      place,
    );
    const sum = each.gram.mul(shares.reshape([-1, 1, 1])).sum(1); //            [P, C, C]: α S = Σ γⱼ αⱼ Sⱼ
    return { ...found, all: { L: factor(sum, where) }, each: each.done() };
  }, "grams");
}

/** The same of samples on several ranks: from P K matrices C × C, or from all samples where no class has C of them. */
function ofAll(V: Tensor, own: Segments, epsSq: number, where: string, { group, labels }: Spread) {
  return scope(() => {
    const C = V.size(-1);
    const counts = group.allReduce(tensor(Float64Array.from(own.counts))).numbers();
    if (largestOf(counts) < C) {
      const every = gatherRows(realView(V.transpose(0, 1).contiguous()), group);
      const pairs = () => every.reshape([...every.shape.slice(0, -1), C, 2]).contiguous();
      const like = V.dtype.startsWith("complex") ? aten<Tensor>("view_as_complex", pairs()) : every;
      return factored(like.transpose(0, 1), segments(gatherRows(labels, group), counts.length), epsSq, where);
    }
    const total = counts.reduce((sum, count) => sum + count, 0);
    const place = { dtype: realOf(V), device: V.device };
    const scales = alphas({ counts, total }, C, epsSq).map(Math.sqrt);
    const sorted = own.pad(V.transpose(0, 1)).permute([2, 0, 1, 3]).contiguous(); // [P, K, m, C]
    const rows = sorted.mul_(tensor(scales.slice(1), place).reshape([-1, 1, 1]));
    const gram = rows.T.contiguous().matmul(conjugate(rows)); //                [P, K, C, C]
    group.allReduce(realView(gram));
    const shares = tensor(
      counts.map((count) => count / total),
      place,
    );
    const sum = gram.mul(shares.reshape([-1, 1, 1])).sum(1); //                 [P, C, C]
    const each = { L: factor(gram, where) };
    return { counts: { counts, total }, all: { L: factor(sum, where) }, each };
  }, "grams");
}

/** The smaller Gram matrix of rows times √α, and how to factor it. */
function side(rows: Tensor, where: string) {
  const samples = conjugate(rows);
  if (rows.size(-2) < rows.size(-1)) {
    const gram = samples.matmul(rows.T); //                                     [..., m, m]
    return { gram, samples, done: (): Factored => ({ L: factor(gram, where), samples }) };
  }
  const gram = rows.T.contiguous().matmul(samples); //                          [..., C, C]: Σ v vᴴ
  return { gram, samples: undefined, done: (): Factored => ({ L: factor(gram, where) }) };
}

/** α (I + α Σ v vᴴ)⁻¹, α [1] or [K] along the dimension before the matrices: [..., C, C] */
export function resolvent({ L, samples }: Factored, alpha: Tensor): Tensor {
  return scope(() => {
    if (samples === undefined) return inverseOf(L).mul_(alpha.reshape([-1, 1, 1]));
    // (I + AAᴴ)⁻¹ = I − A (I + AᴴA)⁻¹ Aᴴ; the diagonal last and in place: these are the largest tensors of a layer
    const B = aten("linalg_solve_triangular", L, samples, { upper: false }); // [..., m, C]: L⁻¹ Aᴴ
    const scaled = B.mul_(alpha.sqrt().reshape([-1, 1, 1]));
    const product = conjugate(scaled).T.matmul(scaled.neg()); //                [..., C, C]
    product.diagonal().add_(alpha.unsqueeze(-1));
    return product;
  }, "resolvent");
}
