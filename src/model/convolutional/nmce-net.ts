/** @file The network of NMCE: a residual trunk, a wide layer, features on the sphere and logits of clusters. */

import { BatchNorm, type Linear, linear, Module, toSphere } from "../../nn/index.ts";
import { type Random, scope, type Tensor, UsageError } from "../../tensor/index.ts";
import { type ResNet, resnet18Control } from "./resnet.ts";

export interface NmceNetOptions {
  /** Whose `trunk` is taken; ResNet-18 for 32 × 32 images unless given. */
  backbone?: ResNet;
  channels?: number;
  /** Of the wide layer; 4096 unless given. */
  hidden?: number;
  /** Features of an image; 128 unless given. */
  dim?: number;
  /** K, the number of logits; no cluster layer without it. */
  clusters?: number;
}

/** ReLU(BN(W x + b)): `pre_feature.0`, `.1`. */
class Wide extends Module {
  private readonly linear: Linear;
  private readonly bn: BatchNorm;

  constructor(inputs: number, hidden: number, random: Random) {
    super();
    this.linear = this.child("linear", linear(inputs, hidden, random.at("linear")), "0");
    this.bn = this.child("bn", new BatchNorm(hidden), "1");
  }

  protected forward(x: Tensor): Tensor {
    return this.bn.apply(this.linear.apply(x)).relu();
  }
}

/**
 *     H = ReLU(BN(W trunk(X) + b)),   Z = P_sphere(W_z H + b),   logits = W_c H + b:   X [n, c, 32, 32] → Z [n, dim]
 *
 * State names are those of the authors' clustering network; in their self-supervised one `subspace` is `projection`.
 *
 * @see Li et al. 2022, the network
 */
export class NmceNet extends Module {
  readonly backbone: ResNet;
  private readonly wide: Wide;
  private readonly subspace: Linear;
  private readonly cluster: Linear | undefined;

  constructor(options: NmceNetOptions, random: Random) {
    super();
    const { channels = 3, hidden = 4096, dim = 128, clusters } = options;
    const backbone = options.backbone ?? resnet18Control({ dim: 512, channels }, random.at("backbone"));
    const inputs = backbone.options.widths.at(-1)!;
    this.backbone = this.child("backbone", backbone);
    this.wide = this.child("wide", new Wide(inputs, hidden, random.at("wide")), "pre_feature");
    this.subspace = this.child("subspace", linear(hidden, dim, random.at("subspace")));
    if (clusters !== undefined)
      this.cluster = this.child("cluster", linear(hidden, clusters, random.at("cluster")));
  }

  /** Z of X. */
  protected forward(X: Tensor): Tensor {
    return toSphere(this.subspace.apply(this.wide.apply(this.backbone.trunk(X))));
  }

  /** Features [n, dim] and logits [n, K] of images. @throws {UsageError} a network without clusters */
  outputs(X: Tensor): { Z: Tensor; logits: Tensor } {
    const { cluster } = this;
    if (cluster === undefined)
      throw new UsageError("nmce: expected a network with clusters, got one without");
    return scope(() => {
      const H = this.wide.apply(this.backbone.trunk(X)); //                     [n, hidden]
      return { Z: toSphere(this.subspace.apply(H)), logits: cluster.apply(H) };
    }, "NmceNet");
  }
}
