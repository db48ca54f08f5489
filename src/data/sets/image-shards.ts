/** @file `shards:PATH`: images in WebDataset archives or in Hugging Face's Parquet files. */

import type { Dataset, DatasetOptions } from "./dataset.ts";
import { inMemory, rootOf } from "./image-folder.ts";
import type { ImageShards } from "./shards.ts";

async function open(
  { dir, split, imageSize = 224, workers, damaged }: DatasetOptions,
  at?: string,
): Promise<ImageShards> {
  const { ImageShards } = await import("./shards.ts"); // the libraries for Parquet take time to load
  return ImageShards.open(rootOf("shards", dir, at), {
    split,
    imageSize,
    ...(workers !== undefined && { workers }),
    ...(damaged && { damaged }),
  });
}

export const shards: Dataset = {
  info: {
    name: "shards",
    title: "images in .tar (WebDataset) or .parquet files, shards:PATH",
    ...{ classes: 0, channels: 3, size: 0, count: { train: 0, test: 0 }, official: false },
    licence: "your own",
  },
  open,
  load: inMemory(open),
};
