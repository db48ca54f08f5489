/** @file Smaller learning rates for layers nearer the image, for fine-tuning. */

import { largestOf } from "../../base/extremes.ts";
import type { LayerOf } from "../../model/index.ts";

/**
 * What a parameter's learning rate is multiplied by: of L layers, decay^(L+1) before the first, decay^(L+1−ℓ) in layer ℓ
 * from 1 on, and 1 after the last.
 *
 * @param names of all parameters, which tell L
 * @see Clark et al. 2020, layer-wise learning rates, as He et al. use them
 */
export function layerDecay(
  decay: number,
  names: Iterable<string>,
  layerOf: LayerOf,
): (name: string) => number {
  const depth = largestOf(
    Array.from(names, (name) => (layerOf(name) ?? -1) + 1),
    0,
  );
  return (name) => {
    const layer = layerOf(name);
    return layer === undefined ? 1 : decay ** (depth - layer);
  };
}
