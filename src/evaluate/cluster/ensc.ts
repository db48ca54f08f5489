/** @file Elastic-net subspace clustering: points as few others, and the graph of who takes part in whom. */

import {
  aten,
  cat,
  NotFiniteError,
  noGrad,
  type Random,
  scope,
  type Tensor,
  tensor,
  UsageError,
  zeros,
} from "../../tensor/index.ts";
import { elasticNet } from "./elastic-net.ts";
import { checkPoints } from "./points.ts";
import { spectralClustering } from "./spectral.ts";

export interface RepresentationOptions {
  /**
   * γ, how much more the residual weighs than at the smallest weight for which a point's c is not 0; the authors of MCR²
   * take 300. 300 when left out.
   */
  gamma?: number;
  /** τ, 0 < τ ≤ 1: 1 for the pure ℓ₁ norm; 1 when left out. */
  tau?: number;
  /** Points that are tried first for each point, those of the largest |cos|; 100 when left out. Only speed depends on it. */
  support?: number;
}

export interface EnscOptions extends RepresentationOptions {
  /** K, 1 to n */
  clusters: number;
  random: Random;
  /** Restarts of k-means; 20 when left out, as the authors have it. */
  restarts?: number;
}

/** Points solved at a time: their gradients are this many rows by all points. */
const ROWS = 256;
/** Rounds of new candidates, far above what it takes. */
const ROUNDS = 200;
/** Share by which |gradient| may be above λ at a coefficient of 0. */
const SLACK = 1e-6;

/**
 * Writes each point as a combination of the others: the minimiser, to rounding, of
 *
 *     ½ ‖zⱼ − Σᵢ cⱼᵢ zᵢ‖² + α (τ ‖c‖₁ + (1 − τ)/2 ‖c‖²),  cⱼⱼ = 0,  α = maxᵢ |zᵢ · zⱼ| / (τ γ)
 *
 * @param Z points [n, d], of length 1 as a rule
 * @returns C, float64 [n, n]; row j are the coefficients of point j
 * @throws {UsageError} fewer than 2 points, not finite, options out of range
 */
export function selfRepresentation(Z: Tensor, options: RepresentationOptions = {}): Tensor {
  const { gamma = 300, tau = 1, support = 100 } = options;
  checkPoints("ensc", Z, 1);
  const n = Z.size(0);
  if (n < 2) throw new UsageError(`ensc: expected at least 2 points, got ${n}`);
  if (!(gamma > 0)) throw new UsageError(`ensc: expected gamma above 0, got ${gamma}`);
  if (!(tau > 0 && tau <= 1)) throw new UsageError(`ensc: expected 0 < tau ≤ 1, got ${tau}`);
  if (!(Number.isInteger(support) && support >= 1))
    throw new UsageError(`ensc: expected support from 1 on, got ${support}`);
  return noGrad(() =>
    scope(() => {
      const X = Z.detach().to("cpu").to("float64");
      const parts: Tensor[] = [];
      for (let at = 0; at < n; at += ROWS)
        parts.push(represent(X, at, Math.min(ROWS, n - at), { gamma, tau, support }));
      return cat(parts).to(Z.device);
    }, "self-representation"),
  );
}

/** Rows `start` to `start + count` of C: [count, n]. */
function represent(
  X: Tensor,
  start: number,
  count: number,
  options: Required<RepresentationOptions>,
): Tensor {
  const { gamma, tau, support } = options;
  const n = X.size(0);
  return scope(() => {
    const rows = X.narrow(0, start, count);
    const products = rows.matmul(X.T);
    products.narrow(1, start, count).diagonal().fill_(0);
    const l1 = products.abs().max([1]).div(gamma); //                           α τ, [count]
    const l2 = (1 - tau) / tau; //                                              α (1 − τ) over α τ
    const C = zeros([count, n], { dtype: "float64" });
    let open = Array.from({ length: count }, (_, r) => r);
    let gradients = products;
    let size = Math.min(support, n - 1);
    for (let round = 0; open.length > 0; round++) {
      if (round === ROUNDS) throw new NotFiniteError("ensc: no optimum; the features may be badly scaled");
      const at = tensor(BigInt64Array.from(open, BigInt));
      const [found, slopes] = scope(() => {
        const candidates = mostPromising(gradients, C.indexSelect(0, at), at.add(start), size);
        return solveOn(
          X,
          rows.indexSelect(0, at),
          candidates,
          C.indexSelect(0, at),
          l1.indexSelect(0, at),
          l2,
        );
      }, "round");
      aten("index_copy_", C, 0, at, found);
      ({ open, gradients, size } = scope(() => {
        aten("scatter_.value", slopes, 1, at.add(start).unsqueeze(1), 0);
        const elsewhere = slopes.mul(found.eq(0).to("float64")).abs().max([1]);
        const excess = elsewhere.gt(l1.indexSelect(0, at).mul(1 + SLACK));
        const still = excess.numbers();
        const taken = found.ne(0).sum([1]).max().item();
        return {
          open: open.filter((_, r) => still[r] === 1),
          gradients: slopes.index([excess]),
          size: Math.min(support + taken, n - 1),
        };
      }, "check"));
    }
    return C;
  }, "represent");
}

/** Of each row the points that are in use, then those of the largest gradient: int64 [o, size]. */
function mostPromising(gradients: Tensor, C: Tensor, own: Tensor, size: number): Tensor {
  const scores = gradients.abs();
  aten("masked_fill_.Scalar", scores, C.ne(0), Number.POSITIVE_INFINITY);
  aten("scatter_.value", scores, 1, own.unsqueeze(1), -1);
  return scores.topk(size, 1)[1];
}

/**
 * The best coefficients on candidates [o, m] for points x [o, d], from C: [o, n], and their gradients zᵢ · (x − Σ c z),
 * [o, n].
 */
function solveOn(
  X: Tensor,
  x: Tensor,
  candidates: Tensor,
  C: Tensor,
  l1: Tensor,
  l2: number,
): [Tensor, Tensor] {
  const [o, m] = candidates.shape as [number, number];
  const Z = X.index([candidates]); //                                           [o, m, d]
  const H = Z.matmul(Z.T).data() as Float64Array;
  const b = Z.matmul(x.unsqueeze(2)).data() as Float64Array;
  const c = C.gather(1, candidates).data() as Float64Array;
  const weights = l1.numbers();
  for (let r = 0; r < o; r++) {
    const part = (of: Float64Array, size: number) => of.subarray(r * size, (r + 1) * size);
    const l1 = weights[r]!;
    elasticNet(part(H, m * m), part(b, m), part(c, m), { l1, l2: l1 * l2 });
  }
  const solved = tensor(c, { shape: [o, m] });
  const found = aten("scatter.src", aten("zeros_like", C), 1, candidates, solved);
  return [found, x.sub(solved.unsqueeze(1).matmul(Z).squeeze(1)).matmul(X.T)];
}

/** The affinity of a self-representation: rows of C brought to length 1, (|C| + |C|ᵀ)/2, [n, n]. */
export function representationAffinity(C: Tensor): Tensor {
  return scope(() => {
    const size = C.div(C.norm([1], true).clamp(1e-300)).abs();
    return size.add(size.T).div(2);
  }, "affinity");
}

/**
 * Elastic-net subspace clustering (You et al. 2016): spectral clustering of the points' self-representation.
 *
 * @param Z points [n, d], of length 1 as a rule
 * @returns cluster of each point, int64 [n]
 * @throws {UsageError} as `selfRepresentation` and `spectralClustering`
 * @example const assigned = ensc(Z, { clusters: 10, random: random(1) });
 */
export function ensc(Z: Tensor, options: EnscOptions): Tensor {
  const { clusters, random, restarts = 20, ...rest } = options;
  checkPoints("ensc", Z, clusters);
  return scope(() => {
    const affinity = representationAffinity(selfRepresentation(Z, rest));
    return spectralClustering(affinity, { clusters, random, restarts });
  }, "ensc");
}
