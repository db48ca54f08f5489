/** @file `shards:PATH`: images in WebDataset archives or in Hugging Face's Parquet files. */

import { resolve } from "node:path";
import { UsageError } from "../../base/errors.ts";
import type { Dataset, DatasetOptions } from "./dataset.ts";
import { findFolder } from "./image-folder.ts";
import { imageSetOf } from "./image-set.ts";
import type { ImageShards } from "./shards.ts";

async function open(
  { dir, split, imageSize = 224, workers, damaged }: DatasetOptions,
  at?: string,
): Promise<ImageShards> {
  if (at === "" || (at === undefined && dir === undefined))
    throw new UsageError("shards: no path; write shards:PATH, or give its dir");
  const root = at === undefined ? resolve(dir!) : findFolder(at, dir);
  const { ImageShards } = await import("./shards.ts"); // the libraries for Parquet take time to load
  return ImageShards.open(root, {
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
  async load(options, at) {
    const images = await open(options, at);
    try {
      return await imageSetOf(images);
    } finally {
      await images.close();
    }
  },
};
