/** @file CRATE-α, which scales: an overcomplete dictionary, one of its own to decode, a skip around it. */

import { type Size, sides } from "../../base/size.ts";
import {
  kaimingUniform,
  LayerNorm,
  type Linear,
  Module,
  normalLinear,
  PatchConvolution,
} from "../../nn/index.ts";
import { type Random, type Tensor, zeros } from "../../tensor/index.ts";
import { tokenCount } from "../settings.ts";
import { StemTokens } from "../stem.ts";
import { withClass } from "../tokens.ts";
import type { CrateOptions } from "./crate.ts";
import { MSSA } from "./mssa.ts";
import { type DecoupledISTA, decoupledISTA } from "./overcomplete.ts";
import { positionsOf } from "./positions.ts";

export type CrateAlphaOptions = { classes: number } & Pick<
  CrateOptions,
  | "imageSize"
  | "patch"
  | "channels"
  | "dim"
  | "depth"
  | "heads"
  | "headDim"
  | "pool"
  | "eta"
  | "lambda"
  | "stem"
>;

/** Atoms for each dimension. */
export const RATIO = 4;
const EPSILON = 1e-6;

/**
 * One layer; MSSA without a bias:
 *
 *     Z½ = Z + MSSA(LN(Z)),   Z⁺ = Z½ + DecoupledISTA(LN(Z½))
 *
 * @see Yang et al. 2024, one layer
 */
export class CrateAlphaLayer extends Module {
  readonly norm1: LayerNorm;
  readonly mssa: MSSA;
  readonly norm2: LayerNorm;
  readonly ista: DecoupledISTA;

  constructor(
    random: Random,
    readonly options: CrateAlphaOptions,
  ) {
    super();
    const { dim: d, heads, headDim, eta = 0.1, lambda = 0.1 } = options;
    const inner = heads * headDim;
    const drawn = (name: string, shape: [number, number]) => random.at(name).normal(shape).mul_(0.02);
    const mssa = new MSSA(drawn("U", [inner, d]), { heads, headDim }, { W: drawn("W", [d, inner]) });
    this.norm1 = this.child("norm1", new LayerNorm(d, EPSILON), "0.norm");
    this.mssa = this.child("mssa", mssa, "0.fn");
    this.norm2 = this.child("norm2", new LayerNorm(d, EPSILON), "1.norm");
    this.ista = this.child("ista", decoupledISTA(d, RATIO * d, random, { eta, lambda }), "1.fn");
  }

  protected forward(Z: Tensor): Tensor {
    const half = this.probe("half", Z.add(this.mssa.apply(this.norm1.apply(Z)))); // Z½
    return half.add(this.ista.apply(this.norm2.apply(half))); //                [b, n, d]
  }
}

/**
 * CrateAlpha(X) = head of the class token after L layers, patches by a convolution:
 *
 *     Z¹ = [z_cls; Conv(X)] + E_pos,   Z^{ℓ+1} = layer ℓ,   logits = Linear(LN(z_cls))
 *
 * @see Yang et al. 2024, "Scaling White-Box Transformers for Vision"
 */
export class CrateAlpha extends Module {
  readonly cls: Tensor; //                                                      [1, 1, d]
  readonly positions: Tensor; //                                                [1, n, d]
  readonly embedding: PatchConvolution | StemTokens;
  readonly blocks: CrateAlphaLayer[] = [];
  readonly headNorm: LayerNorm;
  readonly head: Linear;

  /** @throws {UsageError} a patch that does not divide the image */
  constructor(
    readonly options: CrateAlphaOptions,
    random: Random,
  ) {
    super();
    const { dim, depth, patch, channels = 3, classes, imageSize } = options;
    const n = tokenCount(imageSize, patch);
    this.positions = this.parameter("pos_embedding", random.at("positions").normal([1, n, dim]).mul_(0.02));
    // the authors' variance is 1e-6
    this.cls = this.parameter("cls_token", random.at("cls").normal([1, 1, dim]).mul_(1e-3));
    const started = random.at("embedding");
    this.embedding =
      options.stem === "convolutions"
        ? this.child("embedding", new StemTokens(patch, channels, dim, started), "patch_embed")
        : this.child("embedding", convolution(patch, channels, dim, started), "conv1");
    for (let l = 0; l < depth; l++) {
      const layer = new CrateAlphaLayer(random.at(`block.${l}`), options);
      this.blocks.push(this.child(`block.${l}`, layer, `transformer.layers.${l}`));
    }
    this.headNorm = this.child("headNorm", new LayerNorm(dim), "mlp_head.0");
    this.head = this.child("head", normalLinear(dim, classes, random.at("head")), "mlp_head.1");
  }

  protected forward(X: Tensor): Tensor {
    const positions = positionsOf(this.positions, X, this.options);
    let Z = this.probe("tokens", withClass(this.embedding.apply(X), this.cls, positions)); // [b, n, d]
    for (const block of this.blocks) Z = block.apply(Z);
    const pooled = this.options.pool === "mean" ? Z.mean(1) : Z.select(1, 0); // [b, d]
    return this.head.apply(this.headNorm.apply(this.probe("pooled", pooled))); // [b, classes]
  }
}

const convolution = (patch: Size, channels: number, dim: number, random: Random): PatchConvolution =>
  new PatchConvolution(kaimingUniform([dim, channels, ...sides(patch)], random), zeros([dim]));
