/** @file Sparsifying in a dictionary of more atoms than dimensions: two steps on the lasso from zero. */

import { kaimingUniform, Module } from "../../nn/index.ts";
import type { Random, Tensor } from "../../tensor/index.ts";
import type { ISTAOptions } from "./ista.ts";

/**
 * Two proximal-gradient steps on ½‖Z − A D‖² + λ‖A‖₁, A ≥ 0, from A = 0:
 *
 *     A₁ = ReLU(η Z Dᵀ − η λ),   A₂ = ReLU(A₁ + η (Z − A₁ D) Dᵀ − η λ)
 *
 * @param D atoms as rows, [m, d]
 * @returns the code A₂ [..., m]
 */
function code(Z: Tensor, D: Tensor, { eta, lambda }: ISTAOptions): Tensor {
  const shift = eta * lambda;
  const A = Z.linear(D).mul(eta).sub(shift).relu(); //                         [b, n, m]
  const descent = Z.sub(A.matmul(D)).linear(D); //                              [b, n, m]
  return A.add(descent.mul(eta)).sub(shift).relu();
}

/**
 * The sparsifying half of a language model's layer: what is passed on is decoded by the dictionary that coded it,
 *
 *     OvercompleteISTA(Z) = A₂ D,   A₂ = two steps of the lasso on Z from 0,   D [m, d]
 *
 * @see Bai and Ma 2024, the overcomplete ISTA block
 */
export class OvercompleteISTA extends Module {
  readonly D: Tensor; //                                                        [m, d]

  constructor(
    D: Tensor,
    readonly options: ISTAOptions,
  ) {
    super();
    this.D = this.parameter("weight", D);
  }

  protected forward(Z: Tensor): Tensor {
    return this.probe("code", code(Z, this.D, this.options)).matmul(this.D); // [b, n, d]
  }
}

/** OvercompleteISTA as the authors start it: Kaiming's uniform distribution, whose Gram matrix brings η = 0.1 near its limit. */
export const overcompleteISTA = (
  dim: number,
  atoms: number,
  random: Random,
  options: ISTAOptions,
): OvercompleteISTA => new OvercompleteISTA(kaimingUniform([atoms, dim], random.at("D")), options);

/**
 * The sparsifying half of CRATE-α: the same code, decoded by a dictionary of its own,
 *
 *     DecoupledISTA(Z) = A₂ D₁ᵀ,   A₂ = two steps of the lasso on Z from 0 in D,   D, D₁ [d, m]
 *
 * @see Yang et al. 2024, the overcomplete and decoupled ISTA block
 */
export class DecoupledISTA extends Module {
  readonly D: Tensor; //                                                        [d, m]
  readonly D1: Tensor; //                                                       [d, m]

  constructor(
    D: Tensor,
    D1: Tensor,
    readonly options: ISTAOptions,
  ) {
    super();
    this.D = this.parameter("D", D);
    this.D1 = this.parameter("D1", D1);
  }

  protected forward(Z: Tensor): Tensor {
    return this.probe("code", code(Z, this.D.T, this.options)).linear(this.D1); // [b, n, d]
  }
}

/** DecoupledISTA as the authors' JAX code starts it: U(±√(6/d)), d the inputs of the first product. */
export function decoupledISTA(
  dim: number,
  atoms: number,
  random: Random,
  options: ISTAOptions,
): DecoupledISTA {
  const bound = Math.sqrt(6 / dim);
  const drawn = (name: string) => random.at(name).uniform([dim, atoms], -bound, bound);
  return new DecoupledISTA(drawn("D"), drawn("D1"), options);
}
