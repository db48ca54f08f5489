/** @file CRATE-α, which scales: an overcomplete dictionary, one of its own to decode, a skip around it. */

import {
  kaimingUniform,
  LayerNorm,
  type Linear,
  Module,
  normalLinear,
  PatchConvolution,
} from "../../nn/index.ts";
import { type Random, type Tensor, zeros } from "../../tensor/index.ts";
import { type CrateOptions, tokenCount } from "./crate.ts";
import { MSSA } from "./mssa.ts";
import { type DecoupledISTA, decoupledISTA } from "./overcomplete.ts";
import { TokenTrunk } from "./token-trunk.ts";

export type CrateAlphaOptions = Pick<
  CrateOptions,
  | "imageSize"
  | "patch"
  | "channels"
  | "classes"
  | "dim"
  | "depth"
  | "heads"
  | "headDim"
  | "pool"
  | "step"
  | "threshold"
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
    const { dim: d, heads, headDim, step = 0.1, threshold = 0.1 } = options;
    const inner = heads * headDim;
    const drawn = (name: string, shape: [number, number]) => random.at(name).normal(shape).mul_(0.02);
    const mssa = new MSSA(drawn("U", [inner, d]), { heads, headDim }, { W: drawn("W", [d, inner]) });
    this.norm1 = this.child("norm1", new LayerNorm(d, EPSILON), "0.norm");
    this.mssa = this.child("mssa", mssa, "0.fn");
    this.norm2 = this.child("norm2", new LayerNorm(d, EPSILON), "1.norm");
    this.ista = this.child("ista", decoupledISTA(d, RATIO * d, random, { step, threshold }), "1.fn");
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
export class CrateAlpha extends TokenTrunk<PatchConvolution, CrateAlphaLayer> {
  declare readonly options: CrateAlphaOptions;
  readonly head: Linear;

  constructor(options: CrateAlphaOptions, random: Random) {
    const { dim, patch, channels = 3, classes, imageSize } = options;
    const n = tokenCount(imageSize, patch);
    const W = kaimingUniform([dim, channels, patch, patch], random.at("embedding"));
    super(options, {
      positions: random.at("positions").normal([1, n, dim]).mul_(0.02),
      // the authors' variance is 1e-6
      cls: random.at("cls").normal([1, 1, dim]).mul_(1e-3),
      embedding: new PatchConvolution(W, zeros([dim])),
      embeddingName: "conv1",
      layer: (l) => new CrateAlphaLayer(random.at(`block.${l}`), options),
    });
    this.head = this.child("head", normalLinear(dim, classes, random.at("head")), "mlp_head.1");
  }

  protected override forward(X: Tensor): Tensor {
    return this.head.apply(super.forward(X)); //                                [b, classes]
  }
}
