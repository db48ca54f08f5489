/** @file The trainable head of CPP: fixed image features to features on the sphere, and to cluster features. */

import { BatchNorm, type Linear, linear, Module, toSphere } from "../../nn/index.ts";
import { noGrad, type Random, scope, type Tensor } from "../../tensor/index.ts";

/** Pre(x) = ReLU(W₂ ReLU(BN(W₁ x))): `pre_feature.0`, `.1`, `.3`. */
class PreFeature extends Module {
  private readonly first: Linear;
  private readonly bn: BatchNorm;
  private readonly second: Linear;

  constructor(inputs: number, hidden: number, random: Random) {
    super();
    this.first = this.child("first", linear(inputs, hidden, random.at("first")), "0");
    this.bn = this.child("bn", new BatchNorm(hidden), "1");
    this.second = this.child("second", linear(hidden, hidden, random.at("second")), "3");
  }

  protected forward(x: Tensor): Tensor {
    return this.second.apply(this.bn.apply(this.first.apply(x)).relu()).relu();
  }
}

export interface CppHeadOptions {
  /** Dimension of the fixed features; 768 unless given. */
  inputs?: number;
  /** h, 4096 unless given. */
  hidden?: number;
  /** z, 128 unless given. */
  dim?: number;
  /**
   * `"separate"` (unless given): cluster features have a layer of their own. `"tied"`: they are the features, as in the
   * authors' large-scale script; the layer is in state dictionaries but nothing reads or trains it.
   */
  clusterHead?: "separate" | "tied";
}

/** Both outputs of the head, rows of length 1. */
export interface CppFeatures {
  /** [n, z] */
  Z: Tensor;
  /** [n, z]; Z itself where the cluster head is tied */
  C: Tensor;
}

/**
 *     H = Pre(X),   Z = P_sphere(W_z H + b),   C = P_sphere(W_c H + b):   X [n, inputs] → Z, C [n, z]
 *
 * 20,988,160 parameters for 768 inputs, h = 4096, z = 128. State names are the authors': `pre_feature.*`, `subspace.0.*`,
 * `cluster.0.*`.
 *
 * @see Chu et al. 2024, the head
 */
export class CppHead extends Module {
  readonly clusterHead: "separate" | "tied";
  private readonly preFeature: PreFeature;
  private readonly subspace: Linear;
  private readonly cluster: Linear;

  constructor(options: CppHeadOptions, random: Random) {
    super();
    const { inputs = 768, hidden = 4096, dim = 128, clusterHead = "separate" } = options;
    this.clusterHead = clusterHead;
    const layer = (name: string) => linear(hidden, dim, random.at(name));
    this.preFeature = this.child(
      "preFeature",
      new PreFeature(inputs, hidden, random.at("preFeature")),
      "pre_feature",
    );
    this.subspace = this.child("subspace", layer("subspace"), "subspace.0");
    this.cluster = this.child("cluster", layer("cluster"), "cluster.0");
  }

  /** Z of X. */
  protected forward(X: Tensor): Tensor {
    return toSphere(this.subspace.apply(this.preFeature.apply(X)));
  }

  /** Z and C of X, through one pass of what they share. */
  features(X: Tensor): CppFeatures {
    return scope(() => {
      const H = this.preFeature.apply(X); //                                    [n, h]
      const Z = toSphere(this.subspace.apply(H)); //                            [n, z]
      return { Z, C: this.clusterHead === "tied" ? Z : toSphere(this.cluster.apply(H)) };
    }, "CppHead");
  }

  /** What warm-up trains: `pre_feature.*` and `subspace.*`. */
  featureParameters(): Map<string, Tensor> {
    return new Map([...this.namedParameters()].filter(([name]) => !name.startsWith("cluster.")));
  }

  /** `cluster.*`; nothing where the cluster head is tied. */
  clusterParameters(): Map<string, Tensor> {
    const all = [...this.namedParameters()].filter(([name]) => name.startsWith("cluster."));
    return new Map(this.clusterHead === "tied" ? [] : all);
  }

  /** Copies the feature layer into the cluster layer, biases too: from then on C = Z, until training parts them. */
  startClusters(): void {
    noGrad(() => {
      const state = this.stateDict();
      for (const name of ["weight", "bias"])
        state.get(`cluster.0.${name}`)!.copy_(state.get(`subspace.0.${name}`)!);
    });
  }
}
