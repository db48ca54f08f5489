/** @file What a layer's weights alone say: how orthogonal its subspaces and its dictionary are, how far heads overlap, what they write. */

import { CrateLayer, GptBlock, ISTA, Majorise } from "../model/index.ts";
import type { Module } from "../nn/index.ts";
import { aten, eye, noGrad, scope, type Tensor } from "../tensor/index.ts";
import { mixerOf } from "./layered.ts";

/** A distance from orthogonality, of the weights as they are and with every column scaled to unit length. */
export interface Orthogonality<T = number> {
  raw: T;
  columns: T;
}

/** Cosines between heads j and k, as K × K matrices row by row. */
export interface HeadCosines {
  largest: number[][];
  mean: number[][];
}

/** Of a layer with subspaces. */
export interface WeightMeasures {
  /** ‖UₖᵀUₖ − I‖_F of each head, 0 to ∞. */
  subspaces: Orthogonality<number[]>;
  coherence: {
    /** |cosine| between basis vectors as they are stored: what the papers plot. A head with itself leaves out i = j. */
    vectors: HeadCosines;
    /** Cosines of the principal angles between the spans, which no change of basis alters. */
    spans: HeadCosines;
  };
  /**
   * ⟨Wₖ, Uₖ⟩ / (‖Wₖ‖ ‖Uₖ‖) of each head, −1 to 1, where its output Wₖ is learned: 1 where it writes what is derived, −1 the
   * opposite. As derived MSSA adds Uₖ SSAₖ(Z) to Z, and TSSA takes its sum away.
   */
  output?: number[];
  /** ‖DᵀD − I‖_F of a complete dictionary; an overcomplete one, or none, is not measured. */
  dictionary?: Orthogonality;
}

/** ‖AᵀA − I‖_F: A [..., d, p] → [...]. 0 when the columns are orthonormal. */
export function orthogonalityGap(A: Tensor): Tensor {
  const gram = A.T.matmul(A); //                                                [..., p, p]
  return gram.sub(eye(A.size(-1), { dtype: A.dtype, device: A.device })).norm([-2, -1]);
}

/** Columns scaled to unit length; columns of zeros stay zero. */
export const unitColumns = (A: Tensor): Tensor => A.div(A.norm(-2, true).clamp(1e-30));

/** Largest and mean |cosine| between unit columns of heads: U [K, d, p]. Of a head with itself, i ≠ j only. */
function vectorCosines(U: Tensor): HeadCosines {
  const [K, d, p] = U.shape as [number, number, number];
  const all = U.permute([1, 0, 2]).reshape([d, K * p]); //                      [d, K p]
  const cosines = all.T.matmul(all).abs(); //                                   [K p, K p]
  const others = cosines.mul(
    eye(K * p, { dtype: U.dtype })
      .mul(-1)
      .add(1),
  );
  const blocks = others.reshape([K, p, K, p]).permute([0, 2, 1, 3]); //         [K, K, p, p]
  const pairs = eye(K, { dtype: U.dtype })
    .mul(-p)
    .add(p * p); //       cosines in a block
  return {
    largest: rows(blocks.max([2, 3])),
    // a head of one vector has no pair with itself
    mean: rows(blocks.sum([2, 3]).div(pairs.clamp(1))),
  };
}

/** Largest and mean cosine of the principal angles: singular values of QⱼᵀQₖ, Q an orthonormal basis of the span. */
function spanCosines(U: Tensor): HeadCosines {
  const [Q] = aten<[Tensor, Tensor]>("linalg_qr", U, "reduced"); //             [K, d, p]
  const products = Q.T.unsqueeze(1).matmul(Q.unsqueeze(0)); //                  [K, K, p, p]
  const cosines = aten("linalg_svdvals", products, { driver: null }).clamp(0, 1); // [K, K, p]
  return { largest: rows(cosines.max(2)), mean: rows(cosines.mean(2)) };
}

/** Cosine of the output and the basis of each head, U [K, d, p], with the sign that the layer gives to MSSA. */
function outputCosines(W: Tensor | undefined, U: Tensor, block: Module | undefined): number[] | undefined {
  if (W === undefined) return undefined;
  const [K, d, p] = U.shape as [number, number, number];
  const outputs = W.to("cpu").to("float64").reshape([d, K, p]).permute([1, 0, 2]); // [K, d, p]
  const [ofW, ofU] = [outputs.norm([1, 2]), U.norm([1, 2])]; //                 each [K]
  const signed = block instanceof CrateLayer || block instanceof GptBlock;
  const sign = (signed && block.options.sign) || 1;
  return outputs.mul(U).sum([1, 2]).div(ofW.mul(ofU).clamp(1e-30)).mul(sign).numbers();
}

const rows = (matrix: Tensor): number[][] => matrix.toArray() as number[][];

/** Measures the weights of a layer, in float64; nothing where it has no subspaces. */
export function measureWeights(block: Module | undefined): WeightMeasures | undefined {
  const mixer = mixerOf(block);
  if (mixer === undefined) return undefined;
  return noGrad(() =>
    scope(() => {
      const U = mixer.subspaces().to("cpu").to("float64"); //                    [K, d, p]
      const unit = unitColumns(U);
      const measured: WeightMeasures = {
        subspaces: { raw: orthogonalityGap(U).numbers(), columns: orthogonalityGap(unit).numbers() },
        coherence: { vectors: vectorCosines(unit), spans: spanCosines(U) },
      };
      const output = outputCosines(mixer.W, U, block);
      if (output !== undefined) measured.output = output;
      const dictionary = dictionaryOf(block);
      if (dictionary === undefined) return measured;
      const D = dictionary.to("cpu").to("float64"); //                          [d, d]
      const raw = orthogonalityGap(D).item();
      return { ...measured, dictionary: { raw, columns: orthogonalityGap(unitColumns(D)).item() } };
    }, "measureWeights"),
  );
}

/** D of a layer that sparsifies in a complete dictionary. */
const dictionaryOf = (block: Module | undefined): Tensor | undefined =>
  block?.children
    .map(({ module }) => module)
    .find((module) => module instanceof ISTA || module instanceof Majorise)?.D;
