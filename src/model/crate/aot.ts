/** @file AoT, the attention-only transformer: layers that compress and do nothing else. */

import { z } from "zod";
import { LayerNorm, type Linear, linear, Module, type PatchEmbedding } from "../../nn/index.ts";
import type { Random, Tensor } from "../../tensor/index.ts";
import { type Family, layersNamed } from "../family.ts";
import {
  headConflict,
  headDim,
  headDimOf,
  patchConflict,
  patches,
  pool,
  tokenCount,
  tokenSizes,
} from "../settings.ts";
import { chosenStemConflict, type StemTokens, stem } from "../stem.ts";
import { withClass } from "../tokens.ts";
import type { CrateOptions, Unsized } from "./crate.ts";
import { BEFORE, embeddingCount, embeddingOf } from "./embedding.ts";
import { type MSSA, mssa, mssaCount } from "./mssa.ts";
import { positionsOf } from "./positions.ts";

export type AotOptions = { classes: number } & Pick<
  CrateOptions,
  "imageSize" | "patch" | "channels" | "dim" | "depth" | "heads" | "headDim" | "pool" | "stem"
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
  readonly embedding: PatchEmbedding | StemTokens;
  readonly blocks: AotLayer[] = [];
  readonly headNorm: LayerNorm;
  readonly head: Linear;

  /** @throws {UsageError} a patch that does not divide the image */
  constructor(
    readonly options: AotOptions,
    random: Random,
  ) {
    super();
    const { dim, depth, patch, classes } = options;
    const n = tokenCount(options.imageSize, patch);
    this.positions = this.parameter("pos_embedding", random.at("positions").normal([1, n, dim]));
    this.cls = this.parameter("cls_token", random.at("cls").normal([1, 1, dim]));
    this.embedding = this.child("embedding", ...embeddingOf(options, random.at("embedding")));
    for (let l = 0; l < depth; l++) {
      const layer = new AotLayer(random.at(`block.${l}`), options);
      this.blocks.push(this.child(`block.${l}`, layer, `transformer.layers.${l}`));
    }
    this.headNorm = this.child("headNorm", new LayerNorm(dim), "mlp_head.0");
    this.head = this.child("head", linear(dim, classes, random.at("head")), "mlp_head.1");
  }

  protected forward(X: Tensor): Tensor {
    const positions = positionsOf(this.positions, X, this.options);
    let Z = this.probe("tokens", withClass(this.embedding.apply(X), this.cls, positions)); // [b, n, d]
    for (const block of this.blocks) Z = block.apply(Z);
    const pooled = this.options.pool === "mean" ? Z.mean(1) : Z.select(1, 0); // [b, d]
    return this.head.apply(this.headNorm.apply(this.probe("pooled", pooled))); // [b, classes]
  }
}

export const aot: Family = {
  name: "aot",
  about: "attention only, Wang et al. 2025",
  forms: {
    classifier: {
      options: z.strictObject({ ...tokenSizes, headDim, ...patches, pool, stem }),
      given: ["classes"],
      build: (options: Unsized<AotOptions>, random) =>
        new Aot({ ...options, headDim: headDimOf(options) }, random),
      count(options: Unsized<AotOptions>) {
        const { dim: d, depth: L, classes: C } = options;
        const layer = 2 * d + mssaCount(d, { ...options, headDim: headDimOf(options) });
        return embeddingCount(options) + L * layer + 2 * d + d * C + C;
      },
      check: (options: Unsized<AotOptions>) =>
        patchConflict(options) ?? headConflict(options, true) ?? chosenStemConflict(options),
    },
  },
  needs: ["dim", "depth", "heads"],
  shown: { dim: 384, depth: 12, heads: 6, patch: 16, imageSize: 224, classes: 1000 },
  head: ["mlp_head.1.weight", "mlp_head.1.bias"],
  positions: ["pos_embedding"],
  layerOf: layersNamed("transformer.layers", BEFORE),
};
