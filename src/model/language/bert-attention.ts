/** @file Attention and MLP of BERT, for comparison. */

import { attention, attentionWeights, LayerNorm, type Linear, Module, normalLinear } from "../../nn/index.ts";
import type { Random, Tensor } from "../../tensor/index.ts";

/** Self-attention with queries, keys and values of their own, by heads; names are Hugging Face's. */
export class BertAttention extends Module {
  readonly query: Linear;
  readonly key: Linear;
  readonly value: Linear;
  readonly out: Linear;

  constructor(
    dim: number,
    readonly heads: number,
    random: Random,
  ) {
    super();
    const map = (name: string) => normalLinear(dim, dim, random.at(name));
    this.query = this.child("query", map("query"), "self.query");
    this.key = this.child("key", map("key"), "self.key");
    this.value = this.child("value", map("value"), "self.value");
    this.out = this.child("out", map("out"), "output.dense");
  }

  /** @param mask added to the scores, [b, 1, 1, n], where there are tokens to leave out */
  protected forward(Z: Tensor, mask?: Tensor): Tensor {
    const [b, n, d] = Z.shape as [number, number, number];
    const split = (map: Linear) =>
      map
        .apply(Z)
        .reshape([b, n, this.heads, d / this.heads])
        .transpose(1, 2); //                                                    [b, K, n, p]
    const options = mask === undefined ? {} : { mask };
    const [Q, K, V] = [split(this.query), split(this.key), split(this.value)];
    const mixed = this.probed("attention")
      ? this.probe("attention", attentionWeights(Q, K, options)).matmul(V)
      : attention(Q, K, V, options);
    return this.out.apply(mixed.transpose(1, 2).reshape([b, n, d])); //         [b, n, d]
  }
}

/** Z½ = LN(Z + MHSA(Z)),  Z⁺ = LN(Z½ + MLP(Z½)): the norms come after, as in BERT. */
export class BertLayer extends Module {
  readonly attention: BertAttention;
  readonly norm1: LayerNorm;
  readonly fc1: Linear;
  readonly fc2: Linear;
  readonly norm2: LayerNorm;

  constructor(dim: number, heads: number, random: Random) {
    super();
    this.attention = this.child("attention", new BertAttention(dim, heads, random.at("attention")));
    this.norm1 = this.child("norm1", new LayerNorm(dim, 1e-12), "attention.output.LayerNorm");
    this.fc1 = this.child("fc1", normalLinear(dim, 4 * dim, random.at("fc1")), "intermediate.dense");
    this.fc2 = this.child("fc2", normalLinear(4 * dim, dim, random.at("fc2")), "output.dense");
    this.norm2 = this.child("norm2", new LayerNorm(dim, 1e-12), "output.LayerNorm");
  }

  protected forward(Z: Tensor, mask?: Tensor): Tensor {
    const mixed = mask === undefined ? this.attention.apply(Z) : this.attention.apply(Z, mask);
    const half = this.probe("half", this.norm1.apply(Z.add(mixed))); //         [b, n, d]
    return this.norm2.apply(half.add(this.fc2.apply(this.fc1.apply(half).gelu())));
  }
}
