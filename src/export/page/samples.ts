/** @file Pictures of the test set, side by side in one PNG. */

import { png } from "../../chart/png.ts";
import type { ImageSource } from "../../data/index.ts";
import type { PageFacts } from "../../graph/index.ts";
import { openSplit } from "../../method/build.ts";
import type { Source } from "../open.ts";

export interface Samples {
  /** Of the pictures, from left to right. */
  about: PageFacts["samples"];
  /** No bytes where there are no pictures. */
  png: Uint8Array;
}

/** At even distances in the test split, so that sorted classes take part alike; none of a file of weights. */
export async function samplesOf({ run, network }: Source, most: number): Promise<Samples> {
  const [input] = network.inputs;
  const recipe = run?.recipe as Parameters<typeof openSplit>[0] | undefined;
  if (recipe?.data?.name === undefined || input?.kind !== "image" || most === 0)
    return { about: [], png: new Uint8Array() };
  const images = await openSplit(recipe, "test");
  try {
    const count = Math.min(most, images.count);
    const chosen = Array.from({ length: count }, (_, i) => Math.floor((i * images.count) / count));
    const about = chosen.map((index) => ({ index, label: images.labels[index]! }));
    return { about, png: await sprite(images, chosen) };
  } finally {
    await images.close();
  }
}

/** [count, channels, height, width] → rows of all pictures, channels last. */
async function sprite(images: ImageSource, chosen: readonly number[]): Promise<Uint8Array> {
  const { channels, height, width } = images;
  const bytes = await images.load(chosen);
  const all = width * chosen.length;
  const pixels = new Uint8Array(all * height * channels);
  for (let i = 0, at = 0; i < chosen.length; i++)
    for (let c = 0; c < channels; c++)
      for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++) pixels[(y * all + i * width + x) * channels + c] = bytes[at++]!;
  return png(pixels, all, height);
}
