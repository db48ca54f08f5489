/** @file CRATE-α, which scales: an overcomplete dictionary, one of its own to decode, a skip around it. */

import { z } from "zod";
import { sides } from "../../base/size.ts";
import {
  kaimingUniform,
  LayerNorm,
  type Linear,
  Module,
  normalLinear,
  PatchConvolution,
} from "../../nn/index.ts";
import { type Random, type Tensor, zeros } from "../../tensor/index.ts";
import { countLayers, type Family, layersNamed } from "../family.ts";
import {
  eta,
  headConflict,
  headDim,
  headDimOf,
  lambda,
  patchConflict,
  patches,
  patchNumbers,
  pool,
  tokenCount,
  tokenSizes,
} from "../settings.ts";
import { withClass } from "../tokens.ts";
import type { CrateOptions, Unsized } from "./crate.ts";
import { MSSA } from "./mssa.ts";
import { type DecoupledISTA, decoupledISTA } from "./overcomplete.ts";
import { positionsOf } from "./positions.ts";

export type CrateAlphaOptions = { classes: number } & Pick<
  CrateOptions,
  "imageSize" | "patch" | "channels" | "dim" | "depth" | "heads" | "headDim" | "pool" | "eta" | "lambda"
>;

/** Atoms for each dimension. */
const RATIO = 4;
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
  readonly embedding: PatchConvolution;
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
    const W = kaimingUniform([dim, channels, ...sides(patch)], random.at("embedding"));
    this.positions = this.parameter("pos_embedding", random.at("positions").normal([1, n, dim]).mul_(0.02));
    // the authors' variance is 1e-6
    this.cls = this.parameter("cls_token", random.at("cls").normal([1, 1, dim]).mul_(1e-3));
    this.embedding = this.child("embedding", new PatchConvolution(W, zeros([dim])), "conv1");
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

const paper = "Yang et al. 2024";

export const crateAlpha: Family = {
  name: "crate_alpha",
  about: `CRATE-α of any size, ${paper}`,
  forms: {
    classifier: {
      options: z.strictObject({ ...tokenSizes, headDim, ...patches, eta, lambda, pool }),
      given: ["classes"],
      build: (options: Unsized<CrateAlphaOptions>, random) =>
        new CrateAlpha({ ...options, headDim: headDimOf(options) }, random),
      count(options: Unsized<CrateAlphaOptions>) {
        const { dim: d, depth: L, heads, imageSize, patch, classes: C } = options;
        const inner = heads * headDimOf(options);
        const embedding = patchNumbers(options) * d + d + tokenCount(imageSize, patch) * d + d;
        return embedding + L * (4 * d + 2 * inner * d + 2 * RATIO * d * d) + 2 * d + d * C + C;
      },
      check: (options: Unsized<CrateAlphaOptions>) => patchConflict(options) ?? headConflict(options, true),
    },
  },
  needs: ["dim", "depth", "heads"],
  sizes: {
    crate_alpha_tiny: { dim: 192, depth: 12, heads: 3, about: `CRATE-α-Ti, ${paper}` },
    crate_alpha_small: { dim: 576, depth: 12, heads: 12, about: `CRATE-α-S, ${paper}` },
    crate_alpha_base: { dim: 768, depth: 12, heads: 12, about: `CRATE-α-B, ${paper}` },
    crate_alpha_large: { dim: 1024, depth: 24, heads: 16, about: `CRATE-α-L, ${paper}` },
    crate_alpha_huge: { dim: 1280, depth: 32, heads: 16, about: `CRATE-α-H, ${paper}` },
  },
  shown: { patch: 16, imageSize: 224, classes: 1000 },
  head: ["mlp_head.1.weight", "mlp_head.1.bias"],
  positions: ["pos_embedding"],
  layerOf: layersNamed("transformer.layers", ["cls_token", "pos_embedding", "conv1."]),
  recognise(tensors) {
    const inner = tensors.get("transformer.layers.0.0.fn.qkv.weight")?.shape[0];
    const kernel = tensors.get("conv1.weight")?.shape;
    if (!tensors.has("transformer.layers.0.1.fn.D") || inner === undefined || kernel?.length !== 4)
      return undefined;
    const [dim, channels, height, width] = kernel as [number, number, number, number];
    const classes = tensors.get("mlp_head.1.weight")?.shape[0];
    return {
      ...{ dim, depth: countLayers(tensors, "transformer.layers."), inner, channels },
      patch: height === width ? height : [height, width],
      patches: (tensors.get("pos_embedding")?.shape[1] ?? 0) - 1,
      ...(classes !== undefined && { classes }),
    };
  },
};
