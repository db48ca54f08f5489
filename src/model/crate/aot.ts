/** @file AoT, the attention-only transformer: layers that compress and do nothing else. */

import { LayerNorm, type Linear, linear, Module, PatchEmbedding } from "../../nn/index.ts";
import type { Random, Tensor } from "../../tensor/index.ts";
import { type CrateOptions, tokenCount } from "./crate.ts";
import { type MSSA, mssa } from "./mssa.ts";
import { TokenTrunk } from "./token-trunk.ts";

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
export class Aot extends TokenTrunk<PatchEmbedding, AotLayer> {
  declare readonly options: AotOptions;
  readonly head: Linear;

  constructor(options: AotOptions, random: Random) {
    const { dim, patch, channels = 3, classes } = options;
    const n = tokenCount(options.imageSize, patch);
    super(options, {
      positions: random.at("positions").normal([1, n, dim]),
      cls: random.at("cls").normal([1, 1, dim]),
      embedding: new PatchEmbedding(patch, channels, dim, random.at("embedding")),
      embeddingName: "to_patch_embedding",
      layer: (l) => new AotLayer(random.at(`block.${l}`), options),
    });
    this.head = this.child("head", linear(dim, classes, random.at("head")), "mlp_head.1");
  }

  protected override forward(X: Tensor): Tensor {
    return this.head.apply(super.forward(X)); //                                [b, classes]
  }
}
