/** @file Models beside the one that is drawn: opened and judged in the same way, on the images that have true masks. */

import { sides } from "../../base/size.ts";
import { localFile } from "../../data/index.ts";
import { look, normalised, readPicture, type TrueMask } from "../../evaluate/segment/index.ts";
import { type OpenedModel, type OpenModelOptions, openModel } from "../../method/open-model.ts";
import type { Ious, SeedIous } from "./intervals.ts";
import type { SegmentOptions } from "./options.ts";
import { scorer } from "./scorer.ts";

/** A model at the size that is asked for; what was assumed is said. */
export async function openFor(
  { size, say }: SegmentOptions,
  weights: string,
  own: OpenModelOptions,
): Promise<OpenedModel> {
  const path = await localFile(weights, { ...(say && { say }) });
  const opened = openModel(path, { ...own, ...(size !== undefined && { size: [size, size] as const }) });
  for (const note of opened.notes) say?.(note);
  return opened;
}

/** An image that has true masks. */
export interface JudgedImage {
  path: string;
  truth: readonly TrueMask[];
}

/** The best head's IoU of other models, by model, layer and image. */
export async function seedIous(
  models: readonly string[] = [],
  ...judging: [images: readonly JudgedImage[], options: SegmentOptions, own?: OpenModelOptions]
): Promise<SeedIous> {
  const found: Ious[] = [];
  for (const weights of models) found.push(await iousOf(weights, ...judging));
  return found;
}

async function iousOf(
  weights: string,
  images: readonly JudgedImage[],
  options: SegmentOptions,
  own: OpenModelOptions = {},
): Promise<Ious> {
  const { model, normalise } = await openFor(options, weights, own);
  try {
    const { imageSize, channels = 3 } = model.options;
    const scores = scorer(options);
    for (const { path, truth } of images) {
      const input = await readPicture(path, { channels: channels === 1 ? 1 : 3, size: sides(imageSize) });
      using image = normalised(input, normalise);
      using seen = look(model, image);
      scores.attention(seen, truth);
    }
    return scores.ious;
  } finally {
    model.dispose();
  }
}
