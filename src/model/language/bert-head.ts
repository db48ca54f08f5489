/** @file What is read off a BERT: the token of every place, or the class of the whole. */

import { LayerNorm, type Linear, Module, normalLinear } from "../../nn/index.ts";
import { type Random, type Tensor, zeros } from "../../tensor/index.ts";

type Kind = "crate_bert" | "bert";

/** A head reads tokens Z [b, n, d]; E [V, d] is the table of tokens. */
export type BertHead = Module & { readonly stateName: string; apply(Z: Tensor, E: Tensor): Tensor };

/** logits = LN(GELU(Linear(Z))) Eᵀ + b: [b, n, d] → [b, n, V]. */
export class MaskHead extends Module {
  readonly stateName: string;
  readonly dense: Linear;
  readonly norm: LayerNorm;
  readonly b: Tensor; //                                                        [V]

  constructor(kind: Kind, { dim, vocabulary }: { dim: number; vocabulary: number }, random: Random) {
    super();
    this.stateName = kind === "bert" ? "cls.predictions" : "lm_head";
    const [dense, norm] =
      kind === "bert" ? ["transform.dense", "transform.LayerNorm"] : ["dense", "layer_norm"];
    this.dense = this.child("dense", normalLinear(dim, dim, random.at("dense")), dense);
    this.norm = this.child("norm", new LayerNorm(dim, 1e-12), norm);
    this.b = this.parameter("bias", zeros([vocabulary]));
  }

  protected forward(Z: Tensor, E: Tensor): Tensor {
    return this.norm.apply(this.dense.apply(Z).gelu()).linear(E, this.b);
  }
}

/** logits = Linear(tanh(Linear(z₁))), z₁ the first token: [b, n, d] → [b, classes]. */
export class ClassHead extends Module {
  readonly stateName: string;
  readonly dense: Linear;
  readonly out: Linear;

  constructor(kind: Kind, { dim, classes }: { dim: number; classes: number }, random: Random) {
    super();
    // BERT's pooler belongs to its trunk
    this.stateName = kind === "bert" ? "" : "classifier";
    const [dense, out] = kind === "bert" ? ["bert.pooler.dense", "classifier"] : ["dense", "out_proj"];
    this.dense = this.child("dense", normalLinear(dim, dim, random.at("dense")), dense);
    this.out = this.child("out", normalLinear(dim, classes, random.at("out")), out);
  }

  protected forward(Z: Tensor, _E: Tensor): Tensor {
    return this.out.apply(this.dense.apply(Z.select(1, 0)).tanh());
  }
}
