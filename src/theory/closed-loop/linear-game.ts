/** @file The linear closed loop: classes on subspaces, a linear encoder F and decoder G, all through second moments. */

import { logDet1p } from "../../rate/index.ts";
import { aten, cat, gradients, noGrad, type Random, scope, stack, type Tensor } from "../../tensor/index.ts";
import { identity, normal, orthonormal } from "../sample.ts";

/** Data of K classes nₖ on correlated subspaces of dimensions dₖ; ε = 1. */
export interface Game {
  /** XₖXₖᵀ: [K, D, D] */
  moments: Tensor;
  /** nₖ, equal for all classes. */
  count: number;
  dims: readonly number[];
  /** Bases of the classes' subspaces, [D, dₖ] */
  bases: Tensor[];
}

/**
 * The reference's data: Uₖ from dₖ columns of one orthonormal frame of max dₖ columns, mixed with noise (share 0.1) and
 * scaled to columns of length 1; Xₖ = Uₖ A with normal A.
 */
export function makeGame(random: Random, D: number, dims: readonly number[], count: number): Game {
  return scope(() => {
    const frame = orthonormal(normal(random.at("frame"), [D, Math.max(...dims)]));
    const bases = dims.map((dim, k) => {
      const stream = random.at(`class.${k}`);
      const chosen = frame.indexSelect(1, stream.permutation(frame.size(1)).narrow(0, 0, dim));
      const mixed = chosen.mul(0.9).add(normal(stream, [D, dim]).mul(0.1));
      return mixed.div(mixed.norm(0, true));
    });
    return { moments: momentsOf(random.at("codes"), bases, count), count, dims, bases };
  });
}

/** Second moments of `count` samples of each class. */
function momentsOf(random: Random, bases: readonly Tensor[], count: number): Tensor {
  return scope(() =>
    stack(
      bases.map((U, k) => {
        const X = U.matmul(normal(random.at(`${k}`), [U.size(1), count]));
        return X.matmul(X.T);
      }),
    ),
  );
}

/** F Sₖ Fᵀ of each class: [K, d, d] */
export const encoded = (F: Tensor, S: Tensor): Tensor => F.matmul(S).matmul(F.T);

/** ΔR(Z | Π) from ZₖZₖᵀ [K, d, d], classes of `count` samples each, ε = 1. */
export function reduction(A: Tensor, count: number): Tensor {
  const [K, d] = [A.size(0), A.size(1)];
  const alpha = d / count;
  return logDet1p(A.sum(0).mul(alpha / K))
    .sub(logDet1p(A.mul(alpha)).mean())
    .div(2);
}

/** Σₖ ΔR(Zₖ, Ẑₖ) from ZₖZₖᵀ and ẐₖẐₖᵀ. */
export function pairDistance(A: Tensor, B: Tensor, count: number): Tensor {
  const alpha = A.size(1) / count;
  const joint = logDet1p(A.add(B).mul(alpha / 2)).sum();
  return joint
    .sub(
      logDet1p(cat([A, B]).mul(alpha))
        .sum()
        .div(2),
    )
    .div(2);
}

/** ∇ of Σₖ ΔR(Zₖ, Ẑₖ) in P = F G, where Ẑₖ = P Zₖ: [d, d] */
export function pairGradient(A: Tensor, P: Tensor, count: number): Tensor {
  const c = A.size(1) / count;
  const moved = P.matmul(A); //                                                 [K, d, d]
  const B = moved.matmul(P.T);
  const both = cat([A.add(B).mul(c / 2), B.mul(c)]).add(identity(A.size(1)));
  const [joint, own] = aten("linalg_inv", both).chunk(2) as [Tensor, Tensor];
  return joint
    .sub(own)
    .matmul(moved)
    .sum(0)
    .mul(c / 2);
}

/** Gradient in F of the encoder's utility ΔR(Z | Π) + Σₖ ΔR(Zₖ, Ẑₖ), Ẑ = F G F X. */
export function encoderGradient(F: Tensor, G: Tensor, S: Tensor, count: number): Tensor {
  return scope(() => {
    const leaf = F.detach().setRequiresGrad();
    const A = encoded(leaf, S);
    const B = encoded(leaf.matmul(G), A);
    const utility = reduction(A, count).add(pairDistance(A, B, count));
    return gradients(utility, [leaf])[0]!;
  });
}

/**
 * The matrix nearest to F with ‖P Xₖ‖² ≤ nₖ for each class: P = F (I + Σ λₖSₖ)⁻¹, its multipliers λ ≥ 0 by Newton's method
 * on the constraints that bind.
 */
export function projected(F: Tensor, S: Tensor, count: number): Tensor {
  return noGrad(() =>
    scope(() => {
      const K = S.size(0);
      const eye = identity(S.size(1));
      let lambda = new Array<number>(K).fill(0);
      for (let round = 0; round < 50; round++) {
        const weighted = lambda.reduce((sum, value, k) => sum.add(S.select(0, k).mul(value)), eye);
        const M = aten("linalg_inv", weighted);
        const P = F.matmul(M);
        const T = P.matmul(S); //                                               P Sₖ
        const slack = T.mul(P)
          .sum([1, 2])
          .numbers()
          .map((energy) => energy - count);
        const active = slack.map((value, k) => lambda[k]! > 0 || value > 0);
        if (slack.every((value, k) => Math.abs(value) < 1e-9 * count || !active[k])) return P;
        // ∂‖P Xᵢ‖²/∂λⱼ = −2 tr(P Sᵢ M Sⱼ Pᵀ)
        const left = T.matmul(M);
        const H = left.unsqueeze(1).mul(T.unsqueeze(0)).sum([2, 3]).mul(2).numbers();
        const step = solveActive(H, slack, active);
        lambda = lambda.map((value, k) => Math.max(0, value + step[k]!));
      }
      throw new Error("projection: Newton's method did not converge");
    }, "project"),
  );
}

/** H x = b on the active rows and columns, 0 elsewhere, by Gauss' elimination. */
function solveActive(H: readonly number[], b: readonly number[], active: readonly boolean[]): number[] {
  const K = b.length;
  const rows = b.map((value, i) => [
    ...b.map((_, j) => (active[i] && active[j] ? H[i * K + j]! : i === j ? 1 : 0)),
    active[i] ? value : 0,
  ]);
  for (let i = 0; i < K; i++) {
    for (let r = i + 1; r < K; r++) {
      const factor = rows[r]![i]! / rows[i]![i]!;
      for (let c = i; c <= K; c++) rows[r]![c]! -= factor * rows[i]![c]!;
    }
  }
  const x = new Array<number>(K).fill(0);
  for (let i = K - 1; i >= 0; i--) {
    const rest = x.reduce((sum, value, j) => (j > i ? sum + rows[i]![j]! * value : sum), 0);
    x[i] = (rows[i]![K]! - rest) / rows[i]![i]!;
  }
  return x;
}
