/** @file What DINO trains: a trunk, and a head that compares its features with prototypes. */

import { Linear, linearUniform, Module, toSphere, truncatedNormal } from "../../nn/index.ts";
import { cat, ones, type Random, scope, type Tensor, zeros } from "../../tensor/index.ts";
import type { Crate } from "../crate/crate.ts";
import type { ViT } from "../vit/vit.ts";

export interface DinoHeadOptions {
  /** Width of the trunk's features. */
  dim: number;
  /** Width of the two hidden layers; 2048 unless given. */
  hidden?: number;
  /** Dimension of the sphere's space before the prototypes; 256 unless given. */
  bottleneck?: number;
  /** Prototypes K; without, the head ends on the sphere, as SimDINO's does. */
  prototypes?: number;
  /** Keep the lengths g at 1; `true` unless given. */
  unitPrototypes?: boolean;
}

/** x Wᵀ with rows w_k = g_k v_k / ‖v_k‖, without a bias. */
class WeightNormLinear extends Module {
  readonly g: Tensor; //                                                        [K, 1]
  readonly v: Tensor; //                                                        [K, p]

  constructor(v: Tensor, fixed: boolean) {
    super();
    const lengths = ones([v.size(0), 1]);
    this.g = fixed ? this.buffer("weight_g", lengths) : this.parameter("weight_g", lengths);
    this.v = this.parameter("weight_v", v);
  }

  protected forward(x: Tensor): Tensor {
    return x.linear(this.v.mul(this.g.div(this.v.norm([1], true))));
  }
}

/**
 * DinoHead(z) = W u/‖u‖,   u = MLP(z), three linear layers with GELU between them, W's rows of length 1
 *
 * @see Caron et al. 2021, the projection head
 */
export class DinoHead extends Module {
  private readonly layers: Linear[];
  private readonly prototypes: WeightNormLinear | undefined;

  constructor(options: DinoHeadOptions, random: Random) {
    super();
    const { dim, hidden = 2048, bottleneck = 256, prototypes, unitPrototypes = true } = options;
    const sizes = [dim, hidden, hidden, bottleneck];
    this.layers = [0, 1, 2].map((i) => {
      const W = scope(() => truncatedNormal([sizes[i + 1]!, sizes[i]!], random.at(`mlp.${i}`)));
      return this.child(`mlp.${i}`, new Linear(W, zeros([sizes[i + 1]!])), `mlp.${2 * i}`); // GELUs are numbered too
    });
    if (prototypes === undefined) return;
    const v = linearUniform([prototypes, bottleneck], bottleneck, random.at("prototypes"));
    this.prototypes = this.child("prototypes", new WeightNormLinear(v, unitPrototypes), "last_layer");
  }

  protected forward(Z: Tensor): Tensor {
    const [first, second, third] = this.layers as [Linear, Linear, Linear];
    const u = third.apply(second.apply(first.apply(Z).gelu()).gelu());
    const unit = toSphere(u); //                                                [b, p]
    return this.prototypes?.apply(unit) ?? unit;
  }
}

/** A trunk and a head; parameters are named as in the authors' `MultiCropWrapper`. */
export class DinoNet extends Module {
  readonly backbone: Crate | ViT;
  readonly head: DinoHead;

  constructor(trunk: Crate | ViT, head: Omit<DinoHeadOptions, "dim">, random: Random) {
    super();
    this.backbone = this.child("backbone", trunk);
    this.head = this.child("head", new DinoHead({ ...head, dim: trunk.options.dim }, random.at("head")));
  }

  /** The head's outputs for crops [bᵢ, c, Hᵢ, Wᵢ] of several sizes, one after the other: [Σ bᵢ, K]. */
  outputs(crops: readonly Tensor[]): Tensor {
    return scope(() => this.head.apply(cat(crops.map((X) => this.backbone.apply(X)))), "crops");
  }

  protected forward(X: Tensor): Tensor {
    return this.head.apply(this.backbone.apply(X));
  }
}
