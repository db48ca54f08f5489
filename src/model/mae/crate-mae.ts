/** @file CRATE-MAE: a masked autoencoder whose decoder undoes the encoder's layers, and its encoder as a classifier. */

import { sides } from "../../base/size.ts";
import {
  kaimingUniform,
  LayerNorm,
  type Linear,
  Linear as LinearLayer,
  linear,
  linearUniform,
  Module,
  PatchConvolution,
  xavierUniform,
} from "../../nn/index.ts";
import { noGrad, type Random, scope, type Tensor, zeros } from "../../tensor/index.ts";
import type { CrateOptions } from "../crate/crate.ts";
import { CrateLayer } from "../crate/crate-layer.ts";
import { MSSA, mssa } from "../crate/mssa.ts";
import { sinCosPositions } from "../crate/positions.ts";
import { patchGrid, patchNumbers } from "../settings.ts";
import { type Pool, pooled, withClass } from "../tokens.ts";

export interface CrateMaeOptions
  extends Pick<CrateOptions, "imageSize" | "patch" | "channels" | "dim" | "depth" | "heads" | "headDim"> {
  /** η of ISTA; 0.1. */
  eta?: number;
  /** λ of ISTA; 0.5, where the classifier has 0.1. */
  lambda?: number;
}

/**
 * One layer of the decoder. It runs a layer of the encoder backwards: back from the sparse code, then away from the
 * subspaces,
 *
 *     Y½ = LN(Y) Eᵀ,   Y⁺ = Y½ − MSSA(LN(Y½))
 *
 * @see Pai et al. 2024, one layer of the decoder
 */
export class CrateDecoderLayer extends Module {
  readonly norm1: LayerNorm;
  readonly linear: Linear;
  readonly norm2: LayerNorm;
  readonly mssa: MSSA;

  constructor(random: Random, { dim, heads, headDim }: CrateMaeOptions) {
    super();
    this.norm1 = this.child("norm1", new LayerNorm(dim), "0.norm");
    const E = kaimingUniform([dim, dim], random.at("E"));
    this.linear = this.child("linear", new LinearLayer(E), "0.fn");
    this.norm2 = this.child("norm2", new LayerNorm(dim), "1.norm");
    this.mssa = this.child("mssa", mssa(dim, random, { heads, headDim }), "1.fn");
  }

  protected forward(Y: Tensor): Tensor {
    const half = this.probe("half", this.linear.apply(this.norm1.apply(Y))); //  [b, n, d]
    return half.sub(this.mssa.apply(this.norm2.apply(half))); //                 [b, n, d]
  }
}

/** What masked autoencoder and classifier share: patches, class token, fixed positions, encoder layers, norm. */
abstract class CrateMaeBody extends Module {
  readonly cls: Tensor; //                                                      [1, 1, d]
  /** Under the name of the authors' decoder: it is the one they add. */
  readonly positions: Tensor; //                                                [1, n, d]
  readonly embedding: PatchConvolution;
  readonly blocks: CrateLayer[] = [];
  readonly norm: LayerNorm;

  constructor(
    readonly options: CrateMaeOptions,
    random: Random,
  ) {
    super();
    const { dim, depth, patch, channels = 3, lambda = 0.5 } = options;
    this.cls = this.parameter("cls_token", random.at("cls").normal([1, 1, dim]).mul(0.02));
    this.positions = this.buffer("decoder_pos_embed", sinCosPositions(dim, patchGrid(options)));
    const numbers = patchNumbers(options);
    const flat = xavierUniform([dim, numbers], random.at("embedding"));
    const W = flat.reshape([dim, channels, ...sides(patch)]);
    const b = linearUniform([dim], numbers, random.at("embedding.bias"));
    this.embedding = this.child("embedding", new PatchConvolution(W, b), "patch_embed.proj");
    for (let l = 0; l < depth; l++) {
      const layer = new CrateLayer(random.at(`block.${l}`), { ...options, lambda });
      this.blocks.push(this.child(`block.${l}`, layer, `blocks.${l}.layers.0`));
    }
    this.norm = this.child("norm", new LayerNorm(dim, 1e-6));
  }

  /** The encoder: images, and what stands for their removed patches, to tokens [b, n, d]. */
  protected encode(X: Tensor, hidden?: { mask: Tensor; token: Tensor }): Tensor {
    let patches = this.embedding.apply(X); //                                   [b, N, d]
    if (hidden !== undefined) {
      const { mask, token } = hidden;
      patches = token.to(patches.dtype).where(mask.unsqueeze(-1).gt(0), patches);
    }
    let Z = this.probe("tokens", withClass(patches, this.cls, this.positions)); // [b, n, d]
    for (const block of this.blocks) Z = block.apply(Z);
    return this.probe("latent", this.norm.apply(Z));
  }

  /** Features of whole images from the encoder's tokens: [b, d]; `all` are [b, N d]. */
  features(X: Tensor, pool: Pool = "cls"): Tensor {
    return scope(() => pooled(this.encode(X), pool), "features");
  }
}

/**
 * CRATE-MAE(X, mask) = the patches of X, predicted from those that are not removed:
 *
 *     Z¹ = [z_cls; patches, z_mask where removed] + E_pos,   Z^{ℓ+1} = ISTA(LN(Z^ℓ + MSSA(LN(Z^ℓ)))),
 *     Y¹ = LN(Z^{L+1}),   Y^{ℓ+1} = Y½ − MSSA(LN(Y½)), Y½ = LN(Y^ℓ) Eᵀ,   X̂ = Linear(LN(Y^{L+1}))
 *
 * Mask tokens go through the encoder too: it sees as many tokens as the decoder. Names are the authors'; their
 * `pos_embed` and `decoder_embed` are saved but used by nothing.
 *
 * @see Pai et al. 2024, "Masked Completion via Structured Diffusion with White-Box Transformers"
 */
export class CrateMae extends CrateMaeBody {
  readonly maskToken: Tensor; //                                                [1, 1, d]
  readonly decoder: CrateDecoderLayer[] = [];
  readonly decoderNorm: LayerNorm;
  readonly prediction: Linear;

  constructor(options: CrateMaeOptions, random: Random) {
    super(options, random);
    const { dim, depth } = options;
    this.buffer("pos_embed", sinCosPositions(dim, patchGrid(options)));
    this.maskToken = this.parameter("mask_token", random.at("mask").normal([1, 1, dim]).mul(0.02));
    this.buffer("decoder_embed.weight", xavierUniform([dim, dim], random.at("decoderEmbed")));
    this.buffer("decoder_embed.bias", zeros([dim]));
    for (let l = 0; l < depth; l++) {
      const layer = new CrateDecoderLayer(random.at(`decoder.${l}`), options);
      this.decoder.push(this.child(`decoder.${l}`, layer, `decoder_blocks.${l}.layers.0`));
    }
    this.decoderNorm = this.child("decoderNorm", new LayerNorm(dim, 1e-6), "decoder_norm");
    const prediction = linear(dim, patchNumbers(options), random.at("prediction"));
    this.prediction = this.child("prediction", prediction, "decoder_pred");
    startLinear(this, random.at("linear"));
  }

  /** Images [b, c, H, W] and a mask [b, N], 1 where a patch is removed → patches [b, N, s²c]. */
  protected forward(X: Tensor, mask: Tensor): Tensor {
    let Y = this.encode(X, { mask, token: this.maskToken }); //                  [b, n, d]
    for (const block of this.decoder) Y = block.apply(Y);
    const patches = this.prediction.apply(this.decoderNorm.apply(Y)); //         [b, n, s²c]
    return patches.narrow(1, 1, patches.size(1) - 1);
  }
}

export interface CrateMaeClassifierOptions extends CrateMaeOptions {
  classes: number;
  pool?: "cls" | "mean";
}

/** The encoder of CRATE-MAE with a linear head, for fine-tuning: logits = Linear(pooled tokens). */
export class CrateMaeClassifier extends CrateMaeBody {
  readonly head: Linear;

  constructor(
    override readonly options: CrateMaeClassifierOptions,
    random: Random,
  ) {
    super(options, random);
    startLinear(this, random.at("linear"));
    this.head = this.child("head", linear(options.dim, options.classes, random.at("head")));
  }

  protected forward(X: Tensor): Tensor {
    return this.head.apply(this.probe("pooled", pooled(this.encode(X), this.options.pool ?? "cls")));
  }
}

/** Linear maps start from Xavier's uniform distribution and biases from 0, as in the authors' code; D and E stay. */
export function startLinear(module: Module, random: Random): void {
  const start = (W: Tensor | undefined, name: string) =>
    W && noGrad(() => scope(() => void W.copy_(xavierUniform(W.shape, random.at(name)))));
  if (module instanceof MSSA) {
    start(module.stored, "U");
    start(module.W, "W");
    module.b?.detach().fill_(0);
  } else if (module instanceof LinearLayer && module.b !== undefined) {
    start(module.W, "W");
    module.b.detach().fill_(0);
  }
  for (const { name, module: child } of module.children) startLinear(child, random.at(name));
}
