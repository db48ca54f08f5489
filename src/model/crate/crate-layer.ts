/** @file One layer of CRATE: compress, then sparsify. */

import { kaimingUniform, LayerNorm, Module } from "../../nn/index.ts";
import type { Random, Tensor } from "../../tensor/index.ts";
import { type ISTA, ista, Majorise } from "./ista.ts";
import { type MSSA, mssa, type Subspaces } from "./mssa.ts";

/** Departures from the authors' code that the papers discuss; the defaults are the code. */
export interface CrateLayerOptions {
  dim: number;
  heads: number;
  headDim: number;
  /** η of ISTA. */
  eta?: number;
  /** λ of ISTA. */
  lambda?: number;
  /** η and λ of each layer are learned, from these values on. */
  learnedSteps?: boolean;
  /** Output matrix of MSSA: learned, or tied to U as derived. */
  tiedOutput?: boolean;
  /** A tied output has a learned step for each head. */
  headSteps?: boolean;
  /** Bases of MSSA: free, or orthonormal by construction. */
  subspaces?: Subspaces;
  /** Z + MSSA(Z), or the derived (1 − β) Z + β MSSA(Z). */
  residual?: "plain" | "convex";
  /** β of the convex step. */
  compression?: number;
  /** Z − MSSA(Z) with −1. */
  sign?: 1 | -1;
  /** What the skip carries: Z, or LN(Z) as the segmentation paper's pseudo-code has it. */
  skipFrom?: "raw" | "normed";
  /** ISTA, or the majorisation step of the appendix. */
  sparsify?: "ista" | "majorise";
}

/**
 * One layer, as coded: no skip around ISTA, whose input is normalised.
 *
 *     Z½ = Z + MSSA(LN(Z)),   Z⁺ = ISTA(LN(Z½))
 *
 * @see Yu et al. 2023, one layer
 */
export class CrateLayer extends Module {
  readonly norm1: LayerNorm;
  readonly mssa: MSSA;
  readonly norm2: LayerNorm;
  readonly ista: ISTA | Majorise;

  constructor(
    random: Random,
    readonly options: CrateLayerOptions,
  ) {
    super();
    const { dim, eta = 0.1, lambda = 0.1, learnedSteps: learned = false, sparsify = "ista" } = options;
    this.norm1 = this.child("norm1", new LayerNorm(dim), "0.norm");
    this.mssa = this.child("mssa", mssa(dim, random, options), "0.fn");
    this.norm2 = this.child("norm2", new LayerNorm(dim), "1.norm");
    const D = random.at("D");
    const sparsifier =
      sparsify === "ista"
        ? ista(dim, random, { eta, lambda, learned })
        : new Majorise(kaimingUniform([dim, dim], D), { lambda, epsilon: 0.5 });
    this.ista = this.child("ista", sparsifier, "1.fn");
  }

  protected forward(Z: Tensor): Tensor {
    const { residual = "plain", compression = 0.5, sign = 1, skipFrom = "raw" } = this.options;
    const U = this.norm1.apply(Z); //                                           [b, n, d]
    const step = this.mssa.apply(U); //                                         [b, n, d]
    const skip = skipFrom === "raw" ? Z : U;
    const [from, move] = residual === "plain" ? [1, sign] : [1 - compression, sign * compression];
    const half = (sum: Tensor) => void this.probe("half", sum); //              Z½
    return this.ista.apply(this.norm2.ofSum(times(skip, from), times(step, move), half)); // [b, n, d]
  }
}

const times = (Z: Tensor, factor: number): Tensor => (factor === 1 ? Z : Z.mul(factor));
