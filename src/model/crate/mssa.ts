/** @file The compressing half of a CRATE layer. */

import { attention, attentionWeights, linearUniform, Module, selfAttention } from "../../nn/index.ts";
import { cat, ones, type Random, type Tensor } from "../../tensor/index.ts";
import type { MixedTokens, Past } from "../language/past.ts";
import { cayley } from "./cayley.ts";

export interface MSSAOptions {
  /** K, the number of subspaces. */
  heads: number;
  /** p, the dimension of each. */
  headDim: number;
  /** Each token sees itself and those before it. */
  causal?: boolean;
  /** How U is held; `free` unless given. */
  subspaces?: Subspaces;
  /** Names of U, W and b in state dictionaries; the classifier's unless given. */
  names?: { U: string; W: string; b?: string };
}

/**
 * What the heads' SSA become, [b, n, K p] → [b, n, d]: a learned map; `tied`, Uᵀ as derived; Uᵀ with a learned step for each head,
 * of either sign; or `bare`, themselves.
 */
export type Output = { W: Tensor; b?: Tensor } | { steps: Tensor } | "tied" | "bare";

/**
 * `free`: the entries of U are learned. `orthonormal`: the basis of each head is orthonormal, `orthogonal`: all of them together,
 * so that the subspaces are orthogonal too; then U is a Cayley map of what is learned.
 */
export type Subspaces = "free" | "orthonormal" | "orthogonal";

const NAMES = { U: "qkv.weight", W: "to_out.0.weight", b: "to_out.0.bias" };

/**
 * Multi-head subspace self-attention: one step of compressing tokens against K subspaces,
 *
 *     MSSA(Z) = [SSA₁ … SSA_K] Wᵀ + b,   SSAₖ = softmax((Z Uₖ)(Z Uₖ)ᵀ / √p) (Z Uₖ)     one row per token
 *
 * Queries, keys and values are one projection. W is learned, as in the authors' code. A tied output is
 * [SSA₁ … SSA_K] Uᵀ, as derived, or Σₖ αₖ SSAₖ Uₖᵀ with learned steps α; a bare one is [SSA₁ … SSA_K], as the authors have it for
 * one head as wide as the tokens.
 * The causal form takes the softmax of token t over tokens ≤ t. Bases can be orthonormal by construction, see `Subspaces`.
 *
 * @see Yu et al. 2023, "White-Box Transformers via Sparse Rate Reduction", definition of SSA and MSSA
 */
export class MSSA extends Module {
  /** What is learned: U itself, or the numbers whose Cayley map it is. */
  readonly stored: Tensor; //                                                   [K p, d]
  readonly W: Tensor | undefined; //                                            [d, K p]
  readonly b: Tensor | undefined; //                                            [d]
  /** α, where the output is tied and steps are learned. */
  readonly steps: Tensor | undefined; //                                        [K]

  constructor(
    stored: Tensor,
    readonly options: MSSAOptions,
    private readonly output: Output = "tied",
  ) {
    super();
    const names = { ...NAMES, ...options.names };
    const { subspaces = "free" } = options;
    this.stored = this.parameter(subspaces === "free" ? names.U : `qkv.${subspaces}`, stored);
    if (typeof output === "string") return;
    if ("steps" in output) {
      this.steps = this.parameter("head_steps", output.steps);
      return;
    }
    this.W = this.parameter(names.W, output.W);
    this.b = output.b && this.parameter(names.b, output.b);
  }

  /** The bases as rows, [K p, d]; made anew at each call where they are orthonormal. */
  get U(): Tensor {
    const { stored } = this;
    const { heads, headDim, subspaces = "free" } = this.options;
    if (subspaces === "free") return stored;
    if (subspaces === "orthogonal") return cayley(stored);
    return cayley(stored.reshape([heads, headDim, stored.size(1)])).reshape(stored.shape);
  }

  /** @param mask added to the scores, [b, 1, 1, n], where there are tokens that nobody is to see */
  protected forward(Z: Tensor, mask?: Tensor): Tensor {
    const { U } = this;
    const ZU = this.project(Z, U); //                                           [b, n, K, p]
    if (this.probed("projection")) this.probe("projection", ZU.transpose(1, 2)); // [b, K, n, p]
    return this.write(this.attend(ZU, mask), U); //                             [b, n, d]
  }

  /** Causal: the same for one token or more that follow others. What is kept of those is Z U, half of keys and values. */
  next(Z: Tensor, past: Past): MixedTokens {
    const { U } = this;
    const ZU = this.project(Z, U).transpose(1, 2); //                           [b, K, n, p]
    const [before] = past.kept;
    const all = before === undefined ? ZU : cat([before, ZU], 2); //            [b, K, m + n, p]
    const mixed = attention(ZU, all, all, { causal: true });
    return { Z: this.write(mixed.transpose(1, 2), U), past: { count: all.size(2), kept: [all] } };
  }

  private project(Z: Tensor, U: Tensor): Tensor {
    const [b, n] = Z.shape as [number, number, number];
    return Z.linear(U).reshape([b, n, this.options.heads, this.options.headDim]); // [b, n, K, p]
  }

  /** [b, n, K, p] → [b, n, d] */
  private write(mixed: Tensor, U: Tensor): Tensor {
    const [b, n, K, p] = mixed.shape as [number, number, number, number];
    const stacked = mixed.reshape([b, n, K * p]); //                            [b, n, K p]
    if (this.W !== undefined) return stacked.linear(this.W, this.b); //         [b, n, d]
    if (this.output === "bare") return stacked;
    return stacked.matmul(this.steps === undefined ? U : this.scaled(U, this.steps));
  }

  /** αₖ Uₖᵀ, one head below another, [K p, d] */
  private scaled(U: Tensor, steps: Tensor): Tensor {
    const { heads, headDim } = this.options;
    return U.reshape([heads, headDim, U.size(1)])
      .mul(steps.reshape([heads, 1, 1]))
      .reshape(U.shape);
  }

  /** Forms the n × n weights only when someone looks at them. */
  private attend(ZU: Tensor, mask?: Tensor): Tensor {
    const { causal = false } = this.options;
    const probed = this.probed("attention");
    if (mask === undefined && !probed) return selfAttention(ZU, { causal });
    const W = ZU.transpose(1, 2); //                                            [b, K, n, p]
    const options = mask === undefined ? { causal } : { mask };
    const mixed = probed
      ? this.probe("attention", attentionWeights(W, W, options)).matmul(W)
      : attention(W, W, W, options);
    return mixed.transpose(1, 2);
  }

  /** The bases as [K, d, p]. */
  subspaces(): Tensor {
    const { heads, headDim } = this.options;
    return this.U.reshape([heads, headDim, this.stored.size(1)]).T;
  }
}

type MSSAStart = Pick<MSSAOptions, "heads" | "headDim" | "subspaces"> & {
  tiedOutput?: boolean;
  headSteps?: boolean;
};

/** Output by U itself; steps begin at 1 where they are learned. */
export const tied = ({ heads, headSteps }: { heads: number; headSteps?: boolean }): Output =>
  headSteps ? { steps: ones([heads]) } : "tied";

/** One head as wide as the tokens has no output matrix in the authors' code. */
const isBare = (dim: number, { heads, headDim }: MSSAStart): boolean => heads === 1 && headDim === dim;

/** MSSA as PyTorch starts linear layers; orthonormal bases point in all directions. */
export function mssa(dim: number, random: Random, options: MSSAStart): MSSA {
  const inner = options.heads * options.headDim;
  const isFree = (options.subspaces ?? "free") === "free";
  const drawn = random.at("U");
  const U = isFree
    ? linearUniform([inner, dim], dim, drawn)
    : drawn.normal([inner, dim]).mul_(1 / Math.sqrt(dim));
  if (options.tiedOutput) return new MSSA(U, options, tied(options));
  if (isBare(dim, options)) return new MSSA(U, options, "bare");
  const W = linearUniform([dim, inner], inner, random.at("W"));
  return new MSSA(U, options, { W, b: linearUniform([dim], inner, random.at("b")) });
}

/** Parameters of an MSSA that `mssa` starts: U, and what its output has: W and b, or α. */
export function mssaCount(dim: number, options: MSSAStart): number {
  const inner = options.heads * options.headDim;
  if (options.tiedOutput) return inner * dim + (options.headSteps ? options.heads : 0);
  return inner * dim + (isBare(dim, options) ? 0 : inner * dim + dim);
}
