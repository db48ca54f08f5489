/** @file Smaller learning rates for layers nearer the image, for fine-tuning. */

const EMBEDDING = /^(cls_token|pos_embed|patch_embed|to_patch_embedding|conv1\.)/;
const LAYER = /^(?:blocks|transformer\.layers)\.(\d+)\./;

/**
 * What a parameter's learning rate is multiplied by: of L layers, decay^(L+1) before the first, decay^(L+1−ℓ) in layer ℓ
 * from 1 on, and 1 after the last.
 *
 * @see Clark et al. 2020, layer-wise learning rates, as He et al. use them
 */
export function layerDecay(decay: number, depth: number): (name: string) => number {
  return (name) => {
    const layer = LAYER.exec(name)?.[1];
    if (layer !== undefined) return decay ** (depth - Number(layer));
    return EMBEDDING.test(name) ? decay ** (depth + 1) : 1;
  };
}
