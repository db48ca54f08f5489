/** @file Causal language models: CRATE-GPT with a complete and an overcomplete dictionary, their successors, and GPT-2. */

import { type Embedding, embedding, LayerNorm, Module } from "../../nn/index.ts";
import { arange, type Random, type Tensor, UsageError } from "../../tensor/index.ts";
import { GptBlock, type GptBlockOptions, type GptKind } from "./gpt-block.ts";
import { NO_PAST, type Past } from "./past.ts";

export interface GptOptions extends GptBlockOptions {
  kind: GptKind;
  /** V, rows of the table of tokens. */
  vocabulary: number;
}

/**
 * Gpt(t) = logits of each next token. The table of tokens E is read at the start and tied to the output:
 *
 *     Z¹ = E_t + P,   Z^{ℓ+1} = layer ℓ,   logits = LN(Z^{L+1}) Eᵀ     CRATE-GPT with a complete dictionary has no last LN
 *
 * @see Yu et al. 2024, CRATE-GPT
 */
export class Gpt extends Module {
  readonly tokens: Embedding; //                                                E [V, d]
  readonly positions: Embedding; //                                             P [context, d]
  readonly blocks: GptBlock[] = [];
  readonly norm: LayerNorm | undefined;

  /** @throws {UsageError} heads that do not divide the width */
  constructor(
    readonly options: GptOptions,
    random: Random,
  ) {
    super();
    const { kind, dim, heads, depth, context, vocabulary } = options;
    if (dim % heads !== 0)
      throw new UsageError(`model: expected dim divisible by heads, got ${dim} and ${heads}`);
    this.tokens = this.child("tokens", embedding(vocabulary, dim, random.at("tokens")), "transformer.wte");
    const positions = embedding(context, dim, random.at("positions"));
    this.positions = this.child("positions", positions, "transformer.wpe");
    for (let l = 0; l < depth; l++) {
      const layer = new GptBlock(kind, options, random.at(`block.${l}`));
      this.blocks.push(this.child(`block.${l}`, layer, `transformer.h.${l}`));
    }
    const norm = () => new LayerNorm(dim, 1e-5, { bias: kind !== "tost_gpt" });
    this.norm = kind === "crate_gpt" ? undefined : this.child("norm", norm(), "transformer.ln_f");
  }

  /** int64 [b, n], n ≤ context → logits [b, n, V] */
  protected forward(tokens: Tensor): Tensor {
    let Z = this.embed(tokens, 0); //                                           [b, n, d]
    for (const block of this.blocks) Z = block.apply(Z);
    return this.read(Z);
  }

  /**
   * Logits of what follows tokens that follow others: the same as `apply` on all of them, without going through the
   * old ones again.
   *
   * @param tokens the new ones, int64 [b, n]
   * @param past one for each layer, as the last call gave it; none at the start
   * @returns logits [b, n, V]
   * @throws {UsageError} more than `context` tokens in all: positions end there
   */
  next(tokens: Tensor, past?: readonly Past[]): { logits: Tensor; past: Past[] } {
    const count = past?.[0]?.count ?? 0;
    let Z = this.embed(tokens, count); //                                       [b, n, d]
    const after = this.blocks.map((block, l) => {
      const mixed = block.next(Z, past?.[l] ?? NO_PAST);
      Z = mixed.Z;
      return mixed.past;
    });
    return { logits: this.read(Z), past: after };
  }

  private embed(tokens: Tensor, start: number): Tensor {
    const n = tokens.size(1);
    const { context } = this.options;
    if (start + n > context)
      throw new UsageError(`model: expected at most ${context} tokens, its context length, got ${start + n}`);
    const places = arange(start + n, { start, device: tokens.device }); //      [n]
    return this.probe("tokens", this.tokens.apply(tokens).add(this.positions.apply(places)));
  }

  private read(Z: Tensor): Tensor {
    return (this.norm?.apply(Z) ?? Z).linear(this.tokens.W); //                 [b, n, V]
  }

  /** Also takes state dictionaries that name the tied table twice, as the authors' do. */
  override load(state: ReadonlyMap<string, Tensor>): this {
    return super.load(new Map([...state].filter(([name]) => !/^(module\.)?lm_head\.weight$/.test(name))));
  }
}
