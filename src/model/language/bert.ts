/** @file Language models that see both sides: CRATE-BERT, and BERT for comparison. */

import { type Embedding, embedding, kaimingUniform, LayerNorm, Module } from "../../nn/index.ts";
import { arange, type Random, type Tensor, UsageError, zeros } from "../../tensor/index.ts";
import { ISTA } from "../crate/ista.ts";
import { MSSA } from "../crate/mssa.ts";
import { BertLayer } from "./bert-attention.ts";
import { type BertHead, ClassHead, MaskHead } from "./bert-head.ts";

export interface BertOptions {
  kind: "crate_bert" | "bert";
  /** V, rows of the table of tokens. */
  vocabulary: number;
  /** Most tokens of a sequence. */
  context: number;
  dim: number;
  depth: number;
  heads: number;
  eta?: number;
  lambda?: number;
  /** The token that fills sequences up; without it none is left out, and positions start at 0. */
  pad?: number;
  /** Reads classes off the first token, in place of tokens off every one. */
  classes?: number;
}

/**
 * One layer of CRATE-BERT, CRATE's without a bias after MSSA:
 *
 *     Z½ = Z + MSSA(LN(Z)),   Z⁺ = ISTA(LN(Z½))
 */
class CrateBertLayer extends Module {
  readonly norm1: LayerNorm;
  readonly mssa: MSSA;
  readonly norm2: LayerNorm;
  readonly ista: ISTA;

  constructor(options: BertOptions, random: Random) {
    super();
    const { dim: d, heads, eta = 0.1, lambda = 0.1 } = options;
    const drawn = (name: string) => random.at(name).normal([d, d]).mul_(0.02);
    const names = { U: "self.qkv.weight", W: "output.dense.weight" };
    this.norm1 = this.child("norm1", new LayerNorm(d), "attention.self.prenorm");
    const mssa = new MSSA(drawn("U"), { heads, headDim: d / heads, names }, { W: drawn("W") });
    this.mssa = this.child("mssa", mssa, "attention");
    this.norm2 = this.child("norm2", new LayerNorm(d), "output.prenorm");
    const D = kaimingUniform([d, d], random.at("D"));
    this.ista = this.child("ista", new ISTA(D, { eta, lambda }), "output");
  }

  protected forward(Z: Tensor, mask?: Tensor): Tensor {
    const normed = this.norm1.apply(Z);
    const mixed = mask === undefined ? this.mssa.apply(normed) : this.mssa.apply(normed, mask);
    const half = this.probe("half", Z.add(mixed)); //                           Z½
    return this.ista.apply(this.norm2.apply(half)); //                          [b, n, d]
  }
}

/**
 * Bert(t) = what the head reads off L layers over
 *
 *     Z¹ = LN(E_t + P + S),   E, P, S: tables of tokens, positions and of the one segment there is
 *
 * With a padding token, real tokens are counted from pad + 1 as RoBERTa does, and nobody attends to padding.
 *
 * @see Yu et al. 2024, CRATE-BERT
 */
export class Bert extends Module {
  readonly tokens: Embedding; //                                                E [V, d]
  readonly positions: Embedding; //                                             P [context + pad + 1, d]
  readonly segments: Embedding; //                                              S [2, d]
  readonly norm: LayerNorm;
  readonly blocks: (CrateBertLayer | BertLayer)[] = [];
  readonly head: BertHead;

  /** @throws {UsageError} heads that do not divide the width */
  constructor(
    readonly options: BertOptions,
    random: Random,
  ) {
    super();
    const { kind, dim, heads, depth, context, vocabulary, pad, classes } = options;
    if (dim % heads !== 0)
      throw new UsageError(`model: expected dim divisible by heads, got ${dim} and ${heads}`);
    const trunk = kind === "bert" ? "bert" : "crate";
    const table = (name: string, rows: number) =>
      this.child(name, embedding(rows, dim, random.at(name)), `${trunk}.embeddings.${TABLES[name]}`);
    this.tokens = table("tokens", vocabulary);
    this.positions = table("positions", context + (pad === undefined ? 0 : pad + 1));
    this.segments = table("segments", 2);
    this.norm = this.child("norm", new LayerNorm(dim, 1e-12), `${trunk}.embeddings.LayerNorm`);
    for (let l = 0; l < depth; l++) {
      const at = random.at(`block.${l}`);
      const layer = kind === "bert" ? new BertLayer(dim, heads, at) : new CrateBertLayer(options, at);
      this.blocks.push(this.child(`block.${l}`, layer, `${trunk}.encoder.layer.${l}`));
    }
    const head: BertHead =
      classes === undefined
        ? new MaskHead(kind, { dim, vocabulary }, random.at("head"))
        : new ClassHead(kind, { dim, classes }, random.at("head"));
    this.head = this.child("head", head, head.stateName);
  }

  /** int64 [b, n], n ≤ context → logits [b, n, V], or with classes [b, classes] */
  protected forward(tokens: Tensor): Tensor {
    const { pad, context } = this.options;
    const n = tokens.size(1);
    if (n > context)
      throw new UsageError(`model: expected at most ${context} tokens, its context length, got ${n}`);
    const real = pad === undefined ? undefined : tokens.ne(pad); //             [b, n]
    const places = real === undefined ? arange(n, { device: tokens.device }) : counted(real, pad!);
    const embedded = this.tokens.apply(tokens).add(this.positions.apply(places));
    let Z = this.norm.apply(embedded.add(this.segments.W.select(0, 0))); //     [b, n, d]
    this.probe("tokens", Z);
    const mask = real && hidden(real, Z);
    for (const layer of this.blocks) Z = mask === undefined ? layer.apply(Z) : layer.apply(Z, mask);
    return this.head.apply(Z, this.tokens.W);
  }

  /** Also takes state dictionaries that name tied tables and biases twice, as Hugging Face's do. */
  override load(state: ReadonlyMap<string, Tensor>): this {
    const own = this.stateDict();
    const twice = /(decoder\.(weight|bias)|position_ids|token_type_ids)$/;
    return super.load(new Map([...state].filter(([name]) => own.has(name) || !twice.test(name))));
  }
}

const TABLES: Record<string, string> = {
  tokens: "word_embeddings",
  positions: "position_embeddings",
  segments: "token_type_embeddings",
};

/** Real tokens counted from pad + 1; padding has its own row. */
const counted = (real: Tensor, pad: number): Tensor => {
  const ones = real.to("int64");
  return ones.cumsum(1).mul(ones).add(pad);
};

/** Added to scores, [b, 1, 1, n]: 0 for real tokens, −∞ for padding. */
const hidden = (real: Tensor, Z: Tensor): Tensor => {
  const [b, n] = real.shape as [number, number];
  const zero = zeros([b, n], { dtype: Z.dtype, device: Z.device });
  return zero.where(real, zero.sub(Number.POSITIVE_INFINITY)).reshape([b, 1, 1, n]);
};
