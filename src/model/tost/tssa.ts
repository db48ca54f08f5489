/** @file Token-statistics self-attention: no token looks at another, all look at second moments. Linear in the tokens. */

import { Module } from "../../nn/index.ts";
import { ones, type Tensor, zeros } from "../../tensor/index.ts";
import { type MixedTokens, NO_PAST, type Past } from "../language/past.ts";

export interface TSSAOptions {
  /** K, the number of subspaces; divides the width. */
  heads: number;
}

/** Weights of both forms. */
export interface TSSAWeights {
  /** [d, d] */
  U: Tensor;
  b?: Tensor;
  /** [d, d] */
  W: Tensor;
  c?: Tensor;
}

/** [b, n, K p] → [b, K, n, p] */
function byHeads(W: Tensor, heads: number): Tensor {
  const [b, n, d] = W.shape as [number, number, number];
  return W.reshape([b, n, heads, d / heads]).transpose(1, 2);
}

/** [b, K, n, p] → [b, n, K p] */
function stacked(W: Tensor): Tensor {
  const [b, K, n, p] = W.shape as [number, number, number, number];
  return W.transpose(1, 2).reshape([b, n, K * p]);
}

/** Names of U and W in state dictionaries. */
interface Names {
  U: string;
  W: string;
}

/** What both forms hold. */
export abstract class TokenStatistics extends Module {
  abstract readonly options: TSSAOptions;
  readonly temperature: Tensor; //                                              τ [K, 1]
  readonly U: Tensor; //                                                        [d, d]
  readonly b: Tensor | undefined; //                                            [d]
  readonly W: Tensor; //                                                        [d, d]
  readonly c: Tensor | undefined; //                                            [d]

  constructor({ U, b, W, c }: TSSAWeights, heads: number, names: Names, shift?: Tensor) {
    super();
    this.temperature = this.parameter("temp", ones([heads, 1]));
    if (shift !== undefined) this.parameter("denom_bias", shift);
    this.U = this.parameter(`${names.U}.weight`, U);
    this.b = b && this.parameter(`${names.U}.bias`, b);
    this.W = this.parameter(`${names.W}.weight`, W);
    this.c = c && this.parameter(`${names.W}.bias`, c);
  }

  /** w = Z Uᵀ + b by heads, [b, K, n, p] */
  protected project(Z: Tensor): Tensor {
    return this.probe("projection", byHeads(Z.linear(this.U, this.b), this.options.heads));
  }

  /** The bases as [K, d, p]. */
  subspaces(): Tensor {
    return this.U.reshape([this.options.heads, -1, this.U.size(1)]).T;
  }
}

/**
 * One step down a bound on Rᶜ that needs only second moments. For head k, token i:
 *
 *     w = Z Uᵀ + b,   Π = softmax over heads of τₖ Σₚ w²ₖᵢₚ / Σⱼ w²ₖⱼₚ,   mₖ = Σᵢ Πₖᵢ w²ₖᵢ / Σᵢ Πₖᵢ
 *     TSSA(Z) = −[Π₁ w₁ / (1 + m₁) … Π_K w_K / (1 + m_K)] Wᵀ + c
 *
 * @see Wu et al. 2024, the TSSA operator
 */
export class TSSA extends TokenStatistics {
  constructor(
    weights: TSSAWeights,
    readonly options: TSSAOptions,
  ) {
    super(weights, options.heads, { U: "qkv", W: "to_out.0" });
  }

  protected forward(Z: Tensor): Tensor {
    const w = this.project(Z); //                                               [b, K, n, p]
    const squares = w.square();
    const share = squares.div(squares.sum(-2, true).clamp(1e-24)).sum(-1); //   [b, K, n]
    const Pi = this.probe("membership", share.mul(this.temperature).softmax(1)); // [b, K, n]
    const weights = Pi.div(Pi.sum(-1, true).add(1e-8)).unsqueeze(-2); //        [b, K, 1, n]
    const m = weights.matmul(squares); //                                       [b, K, 1, p]
    const out = w.mul(Pi.unsqueeze(-1)).div(m.add(1)).neg(); //                 [b, K, n, p]
    return stacked(out).linear(this.W, this.c); //                              [b, n, d]
  }
}

export interface CausalTSSAOptions extends TSSAOptions {
  /** Most tokens of a sequence: β has a number for each position. */
  context: number;
}

/**
 * TSSA in which token t sees sums over tokens ≤ t, and a learned β for each head and position joins the shares:
 *
 *     w = Z Uᵀ + b,   Π = softmax over heads of τₖ Σₚ (w²ₖₜₚ / Σ_{s≤t} w²ₖₛₚ + βₖₜ),   mₖₜ = Σ_{s≤t} Πₖₛ w²ₖₛ / Σ_{s≤t} Πₖₛ
 *     CausalTSSA(Z) = −[Π₁ w₁ / (1 + m₁) … Π_K w_K / (1 + m_K)] Wᵀ + c
 *
 * What a next token needs of those before it are the three sums: the same few numbers however many tokens there were.
 *
 * @see Wu et al. 2024, the causal TSSA operator
 */
export class CausalTSSA extends TokenStatistics {
  readonly shift: Tensor; //                                                    β [K, context, 1]

  constructor(
    weights: TSSAWeights,
    readonly options: CausalTSSAOptions,
  ) {
    const shift = zeros([options.heads, options.context, 1]);
    super(weights, options.heads, { U: "c_attn", W: "c_proj" }, shift);
    this.shift = shift;
  }

  protected forward(Z: Tensor): Tensor {
    return this.next(Z, NO_PAST).Z;
  }

  /** The same for tokens that follow others, of which the past keeps the three sums. */
  next(Z: Tensor, { count, kept: [energy, mass, moment] }: Past): MixedTokens {
    const n = Z.size(1);
    const w = this.project(Z); //                                               [b, K, n, p]
    const squares = w.square();
    const running = (terms: Tensor, sum: Tensor | undefined) => {
      const sums = terms.cumsum(-2);
      return sum === undefined ? sums : sums.add(sum);
    };
    const last = (sums: Tensor) => sums.narrow(-2, n - 1, 1); //                [b, K, 1, ·]
    const total = running(squares, energy); //                                  [b, K, n, p]
    const share = squares
      .div(total.clamp(1e-12))
      .add(this.shift.narrow(1, count, n))
      .sum(-1);
    const Pi = this.probe("membership", share.mul(this.temperature).softmax(1)).unsqueeze(-1); // [b, K, n, 1]
    const masses = running(Pi, mass); //                                        [b, K, n, 1]
    const moments = running(squares.mul(Pi), moment); //                        [b, K, n, p]
    const m = moments.div(masses.add(1e-8));
    const out = w.mul(Pi).div(m.add(1)).neg(); //                               [b, K, n, p]
    return {
      Z: stacked(out).linear(this.W, this.c), //                                [b, n, d]
      past: { count: count + n, kept: [last(total), last(masses), last(moments)] },
    };
  }
}
