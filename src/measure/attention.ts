/** @file Where the class token looks: its attention to the patches, per layer and head, of single images. */

import { type Size, sides } from "../base/size.ts";
import { record } from "../nn/index.ts";
import { noGrad, scope, type Tensor } from "../tensor/index.ts";
import { type Subject, stacksOf } from "./layered.ts";

/** Attention of the class token in one image. */
export interface ClassAttention {
  /** Patches down and across. */
  rows: number;
  columns: number;
  /** maps[layer][head][patch]: softmax weights, patches row by row. They sum to at most 1: the class token keeps some. */
  maps: Float32Array[][];
  /** Of the largest output, which in a classifier is the predicted class. */
  largest: number;
}

/**
 * The class token's row of the attention matrix, without its own column and not scaled up to sum to 1 again, as the
 * authors' code takes it. Of an encoder, where the model has a decoder too.
 *
 * @param image normalised, [c, h, w]
 * @param patch side of a patch in pixels, or its height and width
 * @returns nothing where no layer has attention from a class token to every patch, as in ToST and in convolutions
 */
export function classAttention(subject: Subject, image: Tensor, patch: Size): ClassAttention | undefined {
  const { model, run = (inputs: Tensor) => model.apply(inputs) } = subject;
  const [, height, width] = image.shape as [number, number, number];
  const [tall, wide] = sides(patch);
  const [rows, columns] = [Math.floor(height / tall), Math.floor(width / wide)];
  const layers = stacksOf(model)[0]?.layers ?? [];
  const probes = attentionProbes(layers);
  return noGrad(() =>
    scope(() => {
      const { result, found } = record(model, probes, () => run(image.unsqueeze(0)), "allowed");
      try {
        const maps = classMaps(weightsOf(layers, found), 0, rows * columns);
        return maps && { rows, columns, maps, largest: result.argmax().item() };
      } finally {
        for (const tensor of found.values()) tensor.dispose();
      }
    }, "classAttention"),
  );
}

type Layers = readonly { path: string }[];

/** Under which names layers show their attention. */
export const attentionProbes = (layers: Layers): string[] => layers.map(({ path }) => `${path}.*.attention`);

/** The attention of each layer among what was recorded, [b, K, n, n]. */
export const weightsOf = (layers: Layers, found: ReadonlyMap<string, Tensor>): (Tensor | undefined)[] =>
  layers.map(
    ({ path }) =>
      [...found].find(([name]) => name.startsWith(`${path}.`) && name.endsWith(".attention"))?.[1],
  );

/** The class token's weights of N patches in one image, [layer][head][patch]; nothing where a layer has none. */
export function classMaps(
  weights: readonly (Tensor | undefined)[],
  image: number,
  N: number,
): Float32Array[][] | undefined {
  // what stands between the class token and the patches are registers
  const whole = (A: Tensor | undefined) => A !== undefined && A.size(-1) >= N + 1;
  if (weights.length === 0 || !weights.every(whole)) return undefined;
  return weights.map((A) => {
    const cls = A!.select(0, image).select(1, 0); //                            [K, n]
    const patches = cls.narrow(1, cls.size(1) - N, N).to("float32"); //         [K, N]
    return patches.unbind(0).map((head) => Float32Array.from(head.contiguous().numbers()));
  });
}
