/** @file One layer of a causal language model: tokens are mixed, then each is changed by itself. */

import { kaimingUniform, LayerNorm, Module } from "../../nn/index.ts";
import { ones, type Random, type Tensor, zeros } from "../../tensor/index.ts";
import { ISTA } from "../crate/ista.ts";
import { MSSA, tied } from "../crate/mssa.ts";
import { decoupledISTA, overcompleteISTA } from "../crate/overcomplete.ts";
import { CausalTSSA } from "../tost/tssa.ts";
import { CausalAttention, GptMlp } from "./gpt-attention.ts";
import type { CausalMixer, MixedTokens, Past } from "./past.ts";

export interface GptBlockOptions {
  dim: number;
  depth: number;
  heads: number;
  /** Most tokens of a sequence. */
  context: number;
  /** η of ISTA. */
  eta?: number;
  /** λ of ISTA. */
  lambda?: number;
  /** Of crate_gpt: MSSA writes by U itself, with a learned step of each head where that is set. */
  tiedOutput?: boolean;
  headSteps?: boolean;
  /** Of crate_gpt: Z − MSSA(Z) with −1. */
  sign?: 1 | -1;
  /** Of gpt2: GELU by the formula with tanh, as OpenAI's weights have it. */
  tanh?: boolean;
}

/** Atoms for each dimension of an overcomplete dictionary; hidden units for each of an MLP. */
const RATIO = 4;
const DEVIATION = 0.02;
/** Where ToST's layer scales start. */
const SMALL = 1e-5;

/** What follows the mixer, how it is normalised, and whether it has a skip. */
interface Parts {
  mixer: Module & CausalMixer;
  norms: [string, string];
  change?: { name: string; stateName: string; module: Module; skip: boolean };
  /** Whether norms have a shift. */
  bias?: boolean;
  /** γ₁ and γ₂ start here; without it there are none. */
  scale?: number;
}

type Make = (options: GptBlockOptions, random: Random) => Parts;

/** N(0, 0.02²), and for matrices that write into the stream N(0, (0.02 / √(2L))²). */
const deviations = ({ depth }: GptBlockOptions) => ({
  into: DEVIATION,
  out: DEVIATION / Math.sqrt(2 * depth),
});

function causalMssa(options: GptBlockOptions, random: Random, bias: boolean): MSSA {
  const { dim: d, heads } = options;
  const { into, out } = deviations(options);
  const U = random.at("U").normal([d, d]).mul_(into);
  const names = { U: "c_attn.weight", W: "c_proj.weight", b: "c_proj.bias" };
  const mssa = { heads, headDim: d / heads, causal: true, names };
  if (options.tiedOutput) return new MSSA(U, mssa, tied(options));
  const W = random.at("W").normal([d, d]).mul_(out);
  return new MSSA(U, mssa, bias ? { W, b: zeros([d]) } : { W });
}

const istaOptions = ({ eta = 0.1, lambda = 0.1 }: GptBlockOptions) => ({ eta, lambda });
const CRATE_NORMS: [string, string] = ["prenorm_1", "prenorm_2"];
const GPT_NORMS: [string, string] = ["ln_1", "ln_2"];

/** What each model's layer is made of. */
const PARTS = {
  crate_gpt: (options, random) => {
    const module = new ISTA(kaimingUniform([options.dim, options.dim], random.at("D")), istaOptions(options));
    const change = { name: "ista", stateName: "ista", module, skip: false };
    return { mixer: causalMssa(options, random, true), norms: CRATE_NORMS, change };
  },
  crate_lm: (options, random) => {
    const { dim } = options;
    const module = overcompleteISTA(dim, RATIO * dim, random, istaOptions(options));
    const change = { name: "ista", stateName: "ista", module, skip: false };
    return { mixer: causalMssa(options, random, true), norms: CRATE_NORMS, change };
  },
  crate_alpha_gpt: (options, random) => {
    const { dim } = options;
    const module = decoupledISTA(dim, RATIO * dim, random, istaOptions(options));
    const change = { name: "ista", stateName: "ista", module, skip: true };
    return { mixer: causalMssa(options, random, false), norms: CRATE_NORMS, change };
  },
  aot_gpt: (options, random) => ({ mixer: causalMssa(options, random, true), norms: CRATE_NORMS }),
  tost_gpt: (options, random) => {
    const { dim: d, heads, context } = options;
    const { into, out } = deviations(options);
    const U = random.at("U").normal([d, d]).mul_(into);
    const W = random.at("W").normal([d, d]).mul_(out);
    const module = new GptMlp(d, random.at("mlp"), { deviation: out, bias: false });
    const change = { name: "mlp", stateName: "mlp", module, skip: true };
    const mixer = new CausalTSSA({ U, W }, { heads, context });
    return { mixer, norms: GPT_NORMS, change, bias: false, scale: SMALL };
  },
  gpt2: (options, random) => {
    const { dim, heads, tanh = false } = options;
    const { out } = deviations(options);
    const module = new GptMlp(dim, random.at("mlp"), { deviation: out, bias: true, tanh });
    const change = { name: "mlp", stateName: "mlp", module, skip: true };
    const mixer = new CausalAttention(dim, heads, random.at("attn"), out);
    return { mixer, norms: GPT_NORMS, change };
  },
} satisfies Record<string, Make>;

export type GptKind = keyof typeof PARTS;
export const gptKinds = Object.keys(PARTS) as GptKind[];

/** Z, or γ ⊙ Z where there is a scale. */
const scaled = (Z: Tensor, gamma: Tensor | undefined): Tensor => (gamma === undefined ? Z : Z.mul(gamma));

/**
 * One layer, Z½ = Z + γ₁ Mix(LN(Z)) and then
 *
 *     crate_gpt, crate_lm                 Z⁺ = ISTA(LN(Z½)), in a complete or an overcomplete dictionary; γ₁ = 1
 *     crate_alpha_gpt, gpt2, tost_gpt     Z⁺ = Z½ + γ₂ F(LN(Z½)), F the decoupled ISTA or an MLP; γ of tost_gpt only
 *     aot_gpt                             Z⁺ = Z½
 *
 * Mix is causal: MSSA, of gpt2 attention with three projections, of tost_gpt token statistics.
 */
export class GptBlock extends Module {
  readonly norm1: LayerNorm;
  readonly norm2: LayerNorm | undefined;
  readonly mixer: Module & CausalMixer;
  private readonly change: Parts["change"];
  private readonly gamma1: Tensor | undefined;
  private readonly gamma2: Tensor | undefined;

  constructor(
    kind: GptKind,
    readonly options: GptBlockOptions,
    random: Random,
  ) {
    super();
    const { mixer, norms, change, bias = true, scale }: Parts = PARTS[kind](options, random);
    const { dim } = options;
    const norm = () => new LayerNorm(dim, 1e-5, { bias });
    const gamma = (name: string) =>
      scale === undefined ? undefined : this.parameter(name, ones([dim]).mul_(scale));
    this.norm1 = this.child("norm1", norm(), norms[0]);
    this.mixer = this.child(mixer instanceof MSSA ? "mssa" : "attn", mixer, "attn");
    this.norm2 = change && this.child("norm2", norm(), norms[1]);
    this.change = change;
    if (change !== undefined) this.child(change.name, change.module, change.stateName);
    this.gamma1 = gamma("gamma1");
    this.gamma2 = gamma("gamma2");
  }

  protected forward(Z: Tensor): Tensor {
    return this.after(Z, this.mixer.apply(this.norm1.apply(Z))); //             [b, n, d]
  }

  /** The same for tokens that follow others. */
  next(Z: Tensor, past: Past): MixedTokens {
    const mixed = this.mixer.next(this.norm1.apply(Z), past);
    return { Z: this.after(Z, mixed.Z), past: mixed.past };
  }

  private after(Z: Tensor, mixed: Tensor): Tensor {
    const move = scaled(mixed, this.gamma1);
    const half = this.probe("half", this.options.sign === -1 ? Z.sub(move) : Z.add(move)); // Z½
    const { norm2, change } = this;
    if (norm2 === undefined || change === undefined) return half;
    const changed = change.module.apply(norm2.apply(half)); //                  [b, n, d]
    return change.skip ? half.add(scaled(changed, this.gamma2)) : changed;
  }
}
