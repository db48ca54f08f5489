/** @file CRATE, the white-box transformer, as an image classifier. */

import { type Linear, linear, PatchEmbedding } from "../../nn/index.ts";
import { type Random, type Tensor, UsageError } from "../../tensor/index.ts";
import { CrateLayer, type CrateLayerOptions } from "./crate-layer.ts";
import { type Grid, positionsFor } from "./positions.ts";
import { TokenTrunk } from "./token-trunk.ts";

export interface CrateOptions extends CrateLayerOptions {
  /** Image side in pixels (square), or [height, width]; a multiple of the patch. */
  imageSize: number | readonly [number, number];
  patch: number;
  channels?: number;
  classes: number;
  depth: number;
  /** What the head reads: the class token, or the mean of all tokens. */
  pool?: "cls" | "mean";
}

/** Tokens of an image: patches and the class token. @throws {UsageError} when the patch does not divide the image. */
export function tokenCount(imageSize: CrateOptions["imageSize"], patch: number): number {
  const [height, width] = typeof imageSize === "number" ? [imageSize, imageSize] : imageSize;
  if (height % patch !== 0 || width % patch !== 0)
    throw new UsageError(
      `imageSize: expected a multiple of the patch ${patch}, got ${height === width ? height : `${height} × ${width}`}`,
    );
  return (height / patch) * (width / patch) + 1;
}

/** Options of a network without its head. */
export type TrunkOptions = Omit<CrateOptions, "classes">;

/** Rows and columns of patches in images of that size. */
const grid = (imageSize: CrateOptions["imageSize"], patch: number): Grid => {
  const [height, width] = typeof imageSize === "number" ? [imageSize, imageSize] : imageSize;
  return [height / patch, width / patch];
};

/**
 * Learned positions for images [b, c, H, W]: as they are, or interpolated where the images are of another size than
 * the network's.
 */
export function positionsOf(
  positions: Tensor,
  X: Tensor,
  { imageSize, patch }: Pick<TrunkOptions, "imageSize" | "patch">,
): Tensor {
  return positionsFor(positions, grid(imageSize, patch), grid([X.size(2), X.size(3)], patch));
}

/** CRATE without its head: images [b, c, H, W] → LN of the class token after L layers, [b, d]. */
export class CrateTrunk extends TokenTrunk<PatchEmbedding, CrateLayer> {
  declare readonly options: TrunkOptions;

  constructor(options: TrunkOptions, random: Random) {
    const { dim, patch, channels = 3 } = options;
    const n = tokenCount(options.imageSize, patch);
    super(options, {
      // the authors start both from N(0, 1)
      positions: random.at("positions").normal([1, n, dim]),
      cls: random.at("cls").normal([1, 1, dim]),
      embedding: new PatchEmbedding(patch, channels, dim, random.at("embedding")),
      embeddingName: "to_patch_embedding",
      layer: (l) => new CrateLayer(random.at(`block.${l}`), options),
    });
  }

  protected override positionsAt(X: Tensor): Tensor {
    return positionsOf(this.positions, X, this.options);
  }
}

/**
 * CRATE(X) = head of the class token after L layers of compressing and sparsifying:
 *
 *     Z¹ = [z_cls; PatchEmbedding(X)] + E_pos,   Z^{ℓ+1} = ISTA(LN(Z^ℓ + MSSA(LN(Z^ℓ)))),   logits = Linear(LN(z_cls))
 *
 * @see Yu et al. 2023, "White-Box Transformers via Sparse Rate Reduction"
 */
export class Crate extends CrateTrunk {
  declare readonly options: CrateOptions;
  readonly head: Linear;

  constructor(options: CrateOptions, random: Random) {
    super(options, random);
    const { dim, classes } = options;
    this.head = this.child("head", linear(dim, classes, random.at("head")), "mlp_head.1");
  }

  protected override forward(X: Tensor): Tensor {
    return this.head.apply(super.forward(X)); //                                [b, classes]
  }
}
