/** @file CRATE, the white-box transformer, as an image classifier. */

import { z } from "zod";
import { LayerNorm, type Linear, linear, Module, type PatchEmbedding } from "../../nn/index.ts";
import type { Random, Tensor } from "../../tensor/index.ts";
import type { Conflict } from "../family.ts";
import {
  eta,
  headConflict,
  headDim,
  headDimOf,
  lambda,
  output,
  outputConflict,
  type PatchOptions,
  patchConflict,
  patches,
  pool,
  tokenCount,
  tokenSizes,
} from "../settings.ts";
import { chosenStemConflict, type StemOptions, type StemTokens, stem } from "../stem.ts";
import { withClass } from "../tokens.ts";
import { CrateLayer, type CrateLayerOptions } from "./crate-layer.ts";
import { embeddingCount, embeddingOf } from "./embedding.ts";
import { mssaCount } from "./mssa.ts";
import { positionsOf } from "./positions.ts";

export interface CrateOptions extends CrateLayerOptions, PatchOptions, StemOptions {
  /** Without it there is no head, and the output are features. */
  classes?: number;
  depth: number;
  /** What the head reads: the class token, or the mean of all tokens. */
  pool?: "cls" | "mean";
}

/**
 * CRATE(X) = head of the class token after L layers of compressing and sparsifying:
 *
 *     Z¹ = [z_cls; PatchEmbedding(X)] + E_pos,   Z^{ℓ+1} = ISTA(LN(Z^ℓ + MSSA(LN(Z^ℓ)))),   logits = Linear(LN(z_cls))
 *
 * Without `classes` the output is LN(z_cls), [b, d]. Images of another size than the network's get interpolated positions.
 *
 * @see Yu et al. 2023, "White-Box Transformers via Sparse Rate Reduction"
 */
export class Crate extends Module {
  readonly cls: Tensor; //                                                      [1, 1, d]
  readonly positions: Tensor; //                                                [1, n, d]
  readonly embedding: PatchEmbedding | StemTokens;
  readonly blocks: CrateLayer[] = [];
  readonly headNorm: LayerNorm;
  readonly head: Linear | undefined;

  /** @throws {UsageError} a patch that does not divide the image */
  constructor(
    readonly options: CrateOptions,
    random: Random,
  ) {
    super();
    const { dim, depth, patch, classes } = options;
    const n = tokenCount(options.imageSize, patch);
    // the authors start both from N(0, 1)
    this.positions = this.parameter("pos_embedding", random.at("positions").normal([1, n, dim]));
    this.cls = this.parameter("cls_token", random.at("cls").normal([1, 1, dim]));
    this.embedding = this.child("embedding", ...embeddingOf(options, random.at("embedding")));
    for (let l = 0; l < depth; l++) {
      const layer = new CrateLayer(random.at(`block.${l}`), options);
      this.blocks.push(this.child(`block.${l}`, layer, `transformer.layers.${l}`));
    }
    this.headNorm = this.child("headNorm", new LayerNorm(dim), "mlp_head.0");
    if (classes !== undefined)
      this.head = this.child("head", linear(dim, classes, random.at("head")), "mlp_head.1");
  }

  protected forward(X: Tensor): Tensor {
    const positions = positionsOf(this.positions, X, this.options);
    let Z = this.probe("tokens", withClass(this.embedding.apply(X), this.cls, positions)); // [b, n, d]
    for (const block of this.blocks) Z = block.apply(Z);
    const pooled = this.options.pool === "mean" ? Z.mean(1) : Z.select(1, 0); // [b, d]
    const features = this.headNorm.apply(this.probe("pooled", pooled));
    return this.head?.apply(features) ?? features; //                           [b, classes]
  }
}

/** Settings of a CRATE; they start as in the authors' code. */
export const crateSettings = z.strictObject({
  ...tokenSizes,
  headDim,
  ...patches,
  eta,
  lambda,
  pool,
  ...output,
  subspaces: z
    .enum(["free", "orthonormal", "orthogonal"])
    .default("free")
    .describe("bases U of MSSA: free, orthonormal in each head, or all heads' together, by a Cayley map"),
  residual: z
    .enum(["plain", "convex"])
    .default("plain")
    .describe("compression step: Z + MSSA(Z), or the convex combination (1 − β) Z + β MSSA(Z) as derived"),
  compression: z
    .number()
    .gt(0)
    .max(1)
    .default(0.5)
    .describe("β of the convex combination, κ p/(n ε²) of the derivation"),
  learnedSteps: z
    .boolean()
    .default(false)
    .describe("learn η and λ of each layer's ISTA, from eta and lambda on"),
  stem,
  skipFrom: z
    .enum(["raw", "normed"])
    .default("raw")
    .describe("skip connection around MSSA: from the input, or from the layer-normed input"),
  sparsify: z
    .enum(["ista", "majorise"])
    .default("ista")
    .describe("sparsification half-step: ISTA, or the majorisation step of the paper's ablation"),
});

/** Options in which a head may be left to be an equal share of the width. */
export type Unsized<Options extends { headDim: number }> = Omit<Options, "headDim"> & { headDim?: number };

/** Learned parameters: tokens, and in each layer two norms, MSSA and D. */
export function crateCount(options: Unsized<CrateOptions>): number {
  const { dim: d, depth: L, classes: C, learnedSteps = false, sparsify } = options;
  const steps = learnedSteps && sparsify !== "majorise" ? 2 : 0;
  const layer = 4 * d + mssaCount(d, { ...options, headDim: headDimOf(options) }) + d * d + steps;
  return embeddingCount(options) + L * layer + 2 * d + (C === undefined ? 0 : d * C + C);
}

export const crateConflict = (options: Unsized<CrateOptions>): Conflict | undefined =>
  patchConflict(options) ??
  headConflict(options, true) ??
  subspaceConflict(options) ??
  chosenStemConflict(options) ??
  outputConflict(options) ??
  (options.learnedSteps && options.lambda === 0
    ? { key: "lambda", message: "expected above 0 where it is learned, received 0" }
    : undefined);

/** More orthonormal directions than there are dimensions. */
function subspaceConflict(options: Unsized<CrateOptions>): Conflict | undefined {
  const { subspaces = "free", dim, heads } = options;
  const directions = headDimOf(options) * (subspaces === "orthogonal" ? heads : 1);
  if (subspaces === "free" || directions <= dim) return undefined;
  return {
    key: "subspaces",
    message: `${directions} ${subspaces} directions are more than model.dim ${dim}; take a smaller model.headDim`,
  };
}

export const buildCrate = (options: Unsized<CrateOptions>, random: Random): Crate =>
  new Crate({ ...options, headDim: headDimOf(options) }, random);
