/** @file Where the class token looks: its attention to the patches, per layer and head, of single images. */

import type { DrawnClassifier } from "../model/index.ts";
import { record } from "../nn/index.ts";
import { noGrad, scope, type Tensor } from "../tensor/index.ts";

/** Attention of the class token in one image. */
export interface ClassAttention {
  /** Class with the largest logit. */
  prediction: number;
  /** Patches down and across. */
  rows: number;
  columns: number;
  /** maps[layer][head][patch]: softmax weights, patches row by row. They sum to at most 1: the class token keeps some. */
  maps: Float32Array[][];
}

/**
 * The class token's row of the attention matrix, without its own column and not scaled up to sum to 1 again, as the
 * authors' code takes it.
 *
 * @param image normalised, [c, h, w]
 */
export function classAttention(model: DrawnClassifier, image: Tensor): ClassAttention {
  const { patch } = model.options;
  const [, height, width] = image.shape as [number, number, number];
  const rows = height / patch;
  const columns = width / patch;
  return noGrad(() =>
    scope(() => {
      const part = "mssa" in model.blocks[0]! ? "mssa" : "attn";
      const { result, found } = record(model, [`block.*.${part}.attention`], () =>
        model.apply(image.unsqueeze(0)),
      );
      const maps = model.blocks.map((_, l) => {
        const name = `block.${l}.${part}.attention`;
        const weights = found.get(name)!.select(0, 0).select(1, 0); //          [K, n]
        const patches = weights.narrow(1, 1, rows * columns).to("float32"); //  [K, N]
        return patches.unbind(0).map((head) => Float32Array.from(head.contiguous().numbers()));
      });
      for (const tensor of found.values()) tensor.dispose();
      return { prediction: result.argmax().item(), rows, columns, maps };
    }, "classAttention"),
  );
}
