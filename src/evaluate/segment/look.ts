/** @file One pass of one image: the class token's attention and the patches' features, for every layer. */

import { type DrawnClassifier, type Grid, patchGrid, ViT } from "../../model/index.ts";
import { record } from "../../nn/index.ts";
import { noGrad, scope, type Tensor, UsageError } from "../../tensor/index.ts";

/** What an image's patches look like from inside. The caller frees the features. */
export interface Look extends Disposable {
  grid: Grid;
  /** maps[layer][head][patch]: the class token's softmax weights without its own, so that they sum to less than 1. */
  maps: Float64Array[][];
  /** features[layer]: [N, K p], the patches in CRATE's subspaces beside one another; of a ViT their keys. */
  features: Tensor[];
}

/**
 * Attention and features from the projections alone: no n × n matrix is formed, so that large images fit.
 *
 *     CRATE   softmax over i of ⟨Uₖᵀ z_cls, Uₖᵀ zᵢ⟩ / √p      ViT   softmax of ⟨q_cls, kᵢ⟩ / √p
 *
 * The paper's A_k leaves out √p and the class token; this is its code's, which differs.
 *
 * @param image normalised, [c, H, W], of the model's size
 * @see Yu and Chu et al. 2024, attention maps of the class token
 */
export function look(model: DrawnClassifier, image: Tensor): Look {
  const { patch, heads } = model.options;
  const grid: Grid = patchGrid({ imageSize: [image.size(1), image.size(2)], patch });
  const white = "mssa" in model.blocks[0]!;
  if (!white && !(model instanceof ViT))
    throw new UsageError(
      "segments: expected a CRATE or a ViT, whose class token attends to patches, got a ToST",
    );
  const N = grid[0] * grid[1]; // patches; what stands between the class token and them are registers
  const part = white ? "mssa.projection" : "attn.qkv";
  const [maps, features] = noGrad(() =>
    scope((): [Float64Array[][], Tensor[]] => {
      const { found } = record(model, [`block.*.${part}`], () => model.apply(image.unsqueeze(0)));
      const layers = model.blocks.map((_, l) => {
        const raw = found.get(`block.${l}.${part}`)!.select(0, 0).to("float32");
        return white ? { Q: raw, K: raw } : queriesAndKeys(raw, heads); //        [K, n, p]
      });
      const seen = layers.map(({ Q, K }) => classRow(Q, K, N));
      const beside = layers.map(({ K }) => {
        const tokens = K.transpose(0, 1).flatten(1); //                           [n, K p]
        return tokens.narrow(0, tokens.size(0) - N, N).contiguous();
      });
      for (const tensor of found.values()) tensor.dispose();
      return [seen, beside];
    }, "look"),
  );
  return {
    grid,
    maps,
    features,
    [Symbol.dispose]() {
      for (const tensor of features) tensor.dispose();
    },
  };
}

/** [n, 3 K p] → [K, n, p] twice. */
function queriesAndKeys(qkv: Tensor, heads: number): { Q: Tensor; K: Tensor } {
  const [n, width] = qkv.shape as [number, number];
  const split = qkv.reshape([n, 3, heads, width / 3 / heads]).permute([1, 2, 0, 3]);
  return { Q: split.select(0, 0), K: split.select(0, 1) };
}

/** The first row of softmax(Q Kᵀ / √p), of which the last N columns, by head. */
function classRow(Q: Tensor, K: Tensor, N: number): Float64Array[] {
  const n = K.size(1);
  const row = Q.narrow(1, 0, 1)
    .matmul(K.T)
    .div(Math.sqrt(K.size(2)))
    .softmax(-1)
    .select(1, 0); //                                                             [K, n]
  return row
    .narrow(1, n - N, N)
    .unbind(0)
    .map((head) => Float64Array.from(head.contiguous().numbers()));
}
