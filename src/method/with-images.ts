/** @file A run and some images of its data, open for as long as somebody looks at them. */

import type { Size } from "../base/size.ts";
import { freeCheckpoint } from "../train/checkpoint.ts";
import type { AnyRecipe } from "./entry.ts";
import { type ChosenImages, chosenImages } from "./inspect-features.ts";
import type { OpenedRun } from "./load-run.ts";
import type { InspectOptions } from "./run-types.ts";

/**
 * Chooses images as the options say, and closes them and frees the run's checkpoint after `body`.
 * @param imageSize of the images, where the model's is not the data set's own
 */
export async function withImages<R extends AnyRecipe, T>(
  { recipe, checkpoint }: OpenedRun<R>,
  options: Pick<InspectOptions, "split" | "samples">,
  imageSize: Size | undefined,
  body: (chosen: ChosenImages) => Promise<T>,
): Promise<T> {
  try {
    const chosen = await chosenImages(recipe, options, imageSize);
    try {
      return await body(chosen);
    } finally {
      await chosen.source.close();
    }
  } finally {
    freeCheckpoint(checkpoint);
  }
}
