/** @file AoT, the attention-only transformer: layers that compress and do nothing else. */

import { LayerNorm, type Linear, linear, Module, PatchEmbedding } from "../nn/index.ts";
import { cat, type Random, type Tensor } from "../tensor/index.ts";
import { type CrateOptions, tokenCount } from "./crate.ts";
import { type MSSA, mssa } from "./mssa.ts";

export type AotOptions = Pick<
  CrateOptions,
  "imageSize" | "patch" | "channels" | "classes" | "dim" | "depth" | "heads" | "headDim" | "pool"
>;

/**
 * One layer: Z⁺ = Z + MSSA(LN(Z)).
 *
 * @see Wang et al. 2025, one layer
 */
export class AotLayer extends Module {
  readonly norm1: LayerNorm;
  readonly mssa: MSSA;

  constructor(
    random: Random,
    readonly options: Pick<AotOptions, "dim" | "heads" | "headDim">,
  ) {
    super();
    this.norm1 = this.child("norm1", new LayerNorm(options.dim), "0.norm");
    this.mssa = this.child("mssa", mssa(options.dim, random, options), "0.fn");
  }

  protected forward(Z: Tensor): Tensor {
    return this.probe("half", Z.add(this.mssa.apply(this.norm1.apply(Z)))); //  [b, n, d]
  }
}

/**
 * Aot(X): CRATE's tokens and head around layers without ISTA.
 *
 * @see Wang et al. 2025, "Attention-Only Transformers via Unrolled Subspace Denoising"
 */
export class Aot extends Module {
  readonly cls: Tensor; //                                                      [1, 1, d]
  readonly positions: Tensor; //                                                [1, n, d]
  readonly embedding: PatchEmbedding;
  readonly blocks: AotLayer[] = [];
  readonly headNorm: LayerNorm;
  readonly head: Linear;

  constructor(
    readonly options: AotOptions,
    random: Random,
  ) {
    super();
    const { dim, depth, patch, channels = 3, classes } = options;
    const n = tokenCount(options.imageSize, patch);
    this.positions = this.parameter("pos_embedding", random.at("positions").normal([1, n, dim]));
    this.cls = this.parameter("cls_token", random.at("cls").normal([1, 1, dim]));
    const embedding = new PatchEmbedding(patch, channels, dim, random.at("embedding"));
    this.embedding = this.child("embedding", embedding, "to_patch_embedding");
    for (let l = 0; l < depth; l++) {
      const layer = new AotLayer(random.at(`block.${l}`), options);
      this.blocks.push(this.child(`block.${l}`, layer, `transformer.layers.${l}`));
    }
    this.headNorm = this.child("headNorm", new LayerNorm(dim), "mlp_head.0");
    this.head = this.child("head", linear(dim, classes, random.at("head")), "mlp_head.1");
  }

  protected forward(X: Tensor): Tensor {
    const patches = this.embedding.apply(X); //                                 [b, N, d]
    const [b, , d] = patches.shape as [number, number, number];
    const cls = this.cls.expand([b, 1, d]).to(patches.dtype);
    let Z = cat([cls, patches], 1).add(this.positions).to(patches.dtype); //    [b, n, d]
    this.probe("tokens", Z);
    for (const block of this.blocks) Z = block.apply(Z);
    const pooled = this.options.pool === "mean" ? Z.mean(1) : Z.select(1, 0); // [b, d]
    return this.head.apply(this.headNorm.apply(this.probe("pooled", pooled))); // [b, classes]
  }
}
