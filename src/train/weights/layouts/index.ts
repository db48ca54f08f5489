/** @file Weights of other libraries' networks under our names. */

import type { Shapes } from "../../../model/index.ts";
import { cat, scope, type Tensor, zeros } from "../../../tensor/index.ts";
import { hfBert } from "./hf-bert.ts";
import { hfClip } from "./hf-clip.ts";
import { hfDinov2 } from "./hf-dinov2.ts";
import { hfGpt2 } from "./hf-gpt2.ts";
import { hfVit } from "./hf-vit.ts";
import type { Config } from "./layout.ts";
import { dinov2, timmClip, timmRegisters } from "./timm.ts";
import { type Source, shapesOf, type Translation, translationIn } from "./translate.ts";

export type { Config, Settings } from "./layout.ts";
export type { Translation } from "./translate.ts";

/** Of timm's, whose names are ours, one with registers has layer scale too. */
const LAYOUTS = [hfVit, hfDinov2, hfClip, timmRegisters, timmClip, dinov2, hfGpt2, hfBert];

/** What the tensors are in another library; nothing where their names are ours, or no one's that is known. */
export function translationOf(tensors: Shapes, config: Config = {}): Translation | undefined {
  for (const layout of LAYOUTS) {
    if (layout === hfGpt2 && isTransposed(tensors)) continue;
    const found = translationIn(layout, tensors, config);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** nanoGPT's names are Hugging Face's, its matrices are those of ordinary linear maps: [3 d, d]. */
const isTransposed = (tensors: Shapes): boolean =>
  [...tensors].some(
    ([name, { shape }]) =>
      /(^|\.)h\.0\.attn\.c_attn\.weight$/.test(name) && (shape[0] ?? 0) > (shape[1] ?? 0),
  );

/** The same tensors' shapes under our names. */
export const translatedShapes = ({ sources }: Translation, tensors: Shapes): Shapes =>
  shapesOf(sources, tensors);

/** The tensors under our names; those that are as they were are the same ones. The caller frees the others too. */
export const translated = (
  { sources }: Translation,
  tensors: ReadonlyMap<string, Tensor>,
): Map<string, Tensor> =>
  scope(
    () => new Map([...sources].map(([name, source]) => [name, changed(source, tensors)])),
    "names of another library",
  );

function changed({ from, change }: Source, tensors: ReadonlyMap<string, Tensor>): Tensor {
  const given = from.map((name) => tensors.get(name)!);
  const [first] = given as [Tensor];
  if (change === "joined") return cat(given, 0); //                             [3 d, d] or [3 d]
  if (change === "transposed") return first.T.contiguous();
  if (change === "row") return first.reshape([1, -1, first.size(-1)]);
  if (change === "class") {
    const [b, , d] = first.shape as [number, number, number];
    return cat([zeros([b, 1, d], { dtype: first.dtype }), first], 1); //        [1, n + 1, d]
  }
  return first;
}
