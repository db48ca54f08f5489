/** @file What a layer does to the tokens of each sample: rates, sparsity, spectrum. One number per sample and measure. */

import { authorsLayerRate, codingRate, nonZeroShare, rateOfProjections } from "../rate/index.ts";
import { aten, type Tensor } from "../tensor/index.ts";

/** Tokens of one layer for b samples. What a layer has not is left out. */
export interface LayerTokens {
  /** Z^ℓ, before the layer, [b, n, d]. */
  input: Tensor | undefined;
  /** LN(Z^ℓ)U by heads, [b, K, n, p]. */
  projection: Tensor | undefined;
  /** Z^{ℓ+1/2}, after attention, [b, n, d]. */
  half: Tensor;
  /** Z^{ℓ+1}, after the layer, [b, n, d]. */
  output: Tensor;
  /** U as stored, [K p, d], and K. */
  subspaces: { U: Tensor; heads: number } | undefined;
}

/** Measures by name, one number per sample. `Unit` is of tokens scaled to unit length, the other of tokens as they are. */
export type TokenMeasure =
  | "authorsRate"
  | "paperRate"
  | "paperRateUnit"
  | "compression"
  | "compressionUnit"
  | "reduction"
  | "reductionUnit"
  | "rate"
  | "rateUnit"
  | "nonZero";

export type TokenMeasures = Partial<Record<TokenMeasure, number[]>>;

/** Tokens scaled to unit length; those of zeros stay zero. */
export const unitTokens = (Z: Tensor): Tensor => Z.div(Z.norm(-1, true).clamp(1e-12));

/** The measures of one layer; `epsilon` is ε of everything but the authors' estimator, whose ε is `authorsEpsilon`. */
export function measureTokens(
  tokens: LayerTokens,
  options: { epsilon: number; authorsEpsilon: number },
): TokenMeasures {
  const { epsilon, authorsEpsilon } = options;
  const { input, projection, subspaces } = tokens;
  const half = tokens.half.to("float64"); // differences of rates are small
  const output = tokens.output.to("float64");
  const R = (Z: Tensor) => codingRate(Z, { epsilon: epsilon });
  const measures: TokenMeasures = {
    rate: R(output).numbers(),
    rateUnit: R(unitTokens(output)).numbers(),
    nonZero: nonZeroShare(output).numbers(),
  };
  if (projection !== undefined)
    measures.authorsRate = authorsLayerRate(projection.to("float64"), authorsEpsilon).numbers();
  if (subspaces === undefined) return measures;

  const Rc = (Z: Tensor) => rateOfProjections(project(Z, subspaces), { epsilon: epsilon });
  const halfUnit = unitTokens(half);
  const [rate, rateUnit] = [Rc(half), Rc(halfUnit)];
  measures.paperRate = rate.numbers();
  measures.paperRateUnit = rateUnit.numbers();
  measures.reduction = R(half).sub(rate).numbers();
  measures.reductionUnit = R(halfUnit).sub(rateUnit).numbers();
  if (input === undefined) return measures;
  const before = input.to("float64");
  measures.compression = Rc(before).sub(rate).numbers();
  measures.compressionUnit = Rc(unitTokens(before)).sub(rateUnit).numbers();
  return measures;
}

/** Z Uₖ for every head: [b, n, d] → [b, K, n, p]. One product, where a broadcast over heads would copy Z for each. */
export function project(Z: Tensor, { U, heads }: { U: Tensor; heads: number }): Tensor {
  const [b, n] = Z.shape as [number, number, number];
  const W = Z.linear(U.to(Z.dtype)); //                                       [b, n, K p]
  return W.reshape([b, n, heads, U.size(0) / heads]).transpose(1, 2); //        [b, K, n, p]
}

/**
 * Singular values of each sample's tokens, summed over samples: [b, n, d] → [min(n, d)], from the largest on. They are the
 * roots of the smaller Gram matrix's eigenvalues in double precision: nearer than a decomposition of Z in single
 * precision, and twelve times as fast for 256 tokens of 768.
 */
export function spectrumSum(Z: Tensor): Float64Array {
  const [n, d] = [Z.size(1), Z.size(2)];
  const tokens = Z.to("float64");
  const gram = n < d ? tokens.matmul(tokens.T) : tokens.T.matmul(tokens); //    [b, m, m], m = min(n, d)
  const values = aten("linalg_eigvalsh", gram).clamp(0).sqrt(); //              [b, m], the smallest first
  return Float64Array.from(values.sum(0).numbers()).reverse();
}
