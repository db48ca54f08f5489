/** @file The sparsifying half of a CRATE layer. */

import { kaimingUniform, Module } from "../../nn/index.ts";
import {
  autocast,
  eye,
  full,
  operator,
  type Random,
  run,
  type Tensor,
  UsageError,
} from "../../tensor/index.ts";

const ADDMM = operator("addmm");
const LINEAR_RELU = operator("vitrine::linear_relu");

export interface ISTAOptions {
  /** η, the step. */
  eta: number;
  /** λ, the weight of ‖Z‖₁. */
  lambda: number;
  /** η and λ are learned from these values on, by their logarithms: they stay positive. */
  learned?: boolean;
}

/**
 * One proximal-gradient step of the non-negative lasso in the dictionary D, started at Z:
 *
 *     ISTA(Z) = ReLU(Z + η (Z − Z Dᵀ) D − η λ)  =  ReLU(Z (I + η (D − DᵀD)) − η λ)      one row per token
 *
 * The second form is one product with a d × d matrix instead of three: cheaper where tokens outnumber dimensions.
 *
 * @see Yu et al. 2023, "White-Box Transformers via Sparse Rate Reduction", the ISTA block
 */
export class ISTA extends Module {
  readonly D: Tensor; //                                                        [d, d]
  /** log η and log λ, where they are learned. */
  readonly logEta: Tensor | undefined; //                                       [1]
  readonly logLambda: Tensor | undefined; //                                    [1]

  /** @throws {UsageError} a λ of 0 that is to be learned */
  constructor(
    D: Tensor,
    readonly options: ISTAOptions,
  ) {
    super();
    const { eta, lambda, learned = false } = options;
    if (learned && lambda === 0) throw new UsageError("lambda: expected above 0 where it is learned, got 0");
    this.D = this.parameter("weight", D);
    if (!learned) return;
    const place = { dtype: D.dtype, device: D.device };
    this.logEta = this.parameter("log_eta", full([1], Math.log(eta), place));
    this.logLambda = this.parameter("log_lambda", full([1], Math.log(lambda), place));
  }

  protected forward(Z: Tensor): Tensor {
    return run(LINEAR_RELU, Z.h, this.map().h, this.shift().h); //              [b, n, d]
  }

  /** −η λ, [d] */
  private shift(): Tensor {
    const { D, logEta, logLambda } = this;
    const { eta, lambda } = this.options;
    if (logEta === undefined || logLambda === undefined)
      return full([D.size(0)], -eta * lambda, { dtype: D.dtype, device: D.device });
    return logEta
      .add(logLambda)
      .exp()
      .neg()
      .expand([D.size(0)]);
  }

  /** I + η (Dᵀ − DᵀD), the transpose of the map [d, d]. It holds a Gram matrix: never in a lower precision. */
  private map(): Tensor {
    const { D, logEta } = this;
    const { eta } = this.options;
    return autocast(null, D.device, () => {
      const identity = eye(D.size(0), { dtype: D.dtype, device: D.device });
      if (logEta !== undefined) return D.T.sub(D.T.matmul(D)).mul(logEta.exp()).add(identity);
      const change = run(ADDMM, D.T.h, D.T.h, D.h, eta, -eta); //             η (Dᵀ − DᵀD)
      return change.add(identity);
    });
  }
}

/** ISTA with D from Kaiming's uniform distribution, as the authors start it: DᵀD has spectral edge 8, so η = 0.1 is stable. */
export const ista = (dim: number, random: Random, options: ISTAOptions): ISTA =>
  new ISTA(kaimingUniform([dim, dim], random.at("D")), options);

export interface MajoriseOptions {
  lambda: number;
  /** ε of the rate that is majorised. */
  epsilon: number;
}

/**
 * The paper's ablation in place of ISTA: one proximal step on a majorant of λ‖Z‖₁ − R(Z),
 *
 *     ReLU((1 + 4/(9(1+α))) Z D − 4λ/(9α)),   α = d/(n ε²)
 *
 * @see Yu et al. 2023, ablation of the ISTA block
 */
export class Majorise extends Module {
  readonly D: Tensor; //                                                        [d, d]

  constructor(
    D: Tensor,
    readonly options: MajoriseOptions,
  ) {
    super();
    this.D = this.parameter("weight", D);
  }

  protected forward(Z: Tensor): Tensor {
    const { lambda, epsilon } = this.options;
    const alpha = Z.size(-1) / (Z.size(-2) * epsilon ** 2);
    return Z.matmul(this.D)
      .mul(1 + 4 / (9 * (1 + alpha)))
      .sub((4 * lambda) / (9 * alpha))
      .relu();
  }
}
