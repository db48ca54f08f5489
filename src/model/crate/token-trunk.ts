/** @file What CRATE and its kin share around their layers: patches, class token and positions before, a norm after. */

import { LayerNorm, Module } from "../../nn/index.ts";
import { cat, type Tensor } from "../../tensor/index.ts";
import type { CrateOptions } from "./crate.ts";

/** A module from one tensor to another. */
type Step = Module & { apply(Z: Tensor): Tensor };

/** What differs: how positions and class token start, how an image is embedded, what a layer is. */
export interface TrunkParts<Embedding, Layer> {
  positions: Tensor; //                                                         [1, n, d]
  cls: Tensor; //                                                               [1, 1, d]
  embedding: Embedding;
  /** The authors' name of the embedding. */
  embeddingName: string;
  layer(l: number): Layer;
}

/** Images [b, c, H, W] → LN of the class token, or of the mean of all tokens, after L layers, [b, d]. */
export abstract class TokenTrunk<Embedding extends Step, Layer extends Step> extends Module {
  readonly cls: Tensor; //                                                      [1, 1, d]
  readonly positions: Tensor; //                                                [1, n, d]
  readonly embedding: Embedding;
  readonly blocks: Layer[] = [];
  readonly headNorm: LayerNorm;

  constructor(
    readonly options: Pick<CrateOptions, "dim" | "depth" | "pool">,
    { positions, cls, embedding, embeddingName, layer }: TrunkParts<Embedding, Layer>,
  ) {
    super();
    const { dim, depth } = options;
    this.positions = this.parameter("pos_embedding", positions);
    this.cls = this.parameter("cls_token", cls);
    this.embedding = this.child("embedding", embedding, embeddingName);
    for (let l = 0; l < depth; l++)
      this.blocks.push(this.child(`block.${l}`, layer(l), `transformer.layers.${l}`));
    this.headNorm = this.child("headNorm", new LayerNorm(dim), "mlp_head.0");
  }

  /** E_pos for these images. */
  protected positionsAt(_X: Tensor): Tensor {
    return this.positions;
  }

  /** X [b, c, H, W] → tokens before the first layer [b, n, d]. */
  private tokens(X: Tensor): Tensor {
    const patches = this.embedding.apply(X); //                                 [b, N, d]
    const [b, , d] = patches.shape as [number, number, number];
    const cls = this.cls.expand([b, 1, d]).to(patches.dtype);
    const Z = cat([cls, patches], 1).add(this.positionsAt(X)); //               [b, n, d]
    return Z.to(patches.dtype); // under autocast the tokens stay in the lower precision
  }

  protected forward(X: Tensor): Tensor {
    let Z = this.probe("tokens", this.tokens(X)); //                            [b, n, d]
    for (const block of this.blocks) Z = block.apply(Z);
    const pooled = this.options.pool === "mean" ? Z.mean(1) : Z.select(1, 0); // [b, d]
    return this.headNorm.apply(this.probe("pooled", pooled));
  }
}
