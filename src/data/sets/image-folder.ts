/** @file `folder:PATH`: a person's own images as a data set. */

import { existsSync } from "node:fs";
import { isAbsolute, join, resolve } from "node:path";
import { UsageError } from "../../base/errors.ts";
import type { Dataset, DatasetOptions } from "./dataset.ts";
import { dataRoot } from "./find.ts";
import { ImageFolder } from "./folder.ts";
import { imageSetOf } from "./image-set.ts";

function open({ dir, split, imageSize = 224, workers, damaged }: DatasetOptions, at?: string): ImageFolder {
  return ImageFolder.open(rootOf("folder", dir, at), {
    split,
    imageSize,
    ...(workers !== undefined && { workers }),
    ...(damaged && { damaged }),
  });
}

/** The folder of `kind:PATH`. @throws {UsageError} no path */
export function rootOf(kind: string, dir: string | undefined, at: string | undefined): string {
  if (at === "" || (at === undefined && dir === undefined))
    throw new UsageError(`${kind}: no path; write ${kind}:PATH, or give its dir`);
  return at === undefined ? resolve(dir!) : find(at, dir);
}

/** All images of what `open` opens. */
export const inMemory =
  (open: NonNullable<Dataset["open"]>): Dataset["load"] =>
  async (options, at) => {
    const images = await open(options, at);
    try {
      return await imageSetOf(images);
    } finally {
      await images.close();
    }
  };

/** A relative path is looked up in the working directory first, then in the folder of data sets. */
function find(path: string, dir: string | undefined): string {
  const inData = join(dataRoot(dir), path);
  return isAbsolute(path) || existsSync(path) || !existsSync(inData) ? resolve(path) : inData;
}

export const folder: Dataset = {
  info: {
    name: "folder",
    title: "a folder of images, folder:PATH with train/CLASS/ and val/CLASS/",
    ...{ classes: 0, channels: 3, size: 0, count: { train: 0, test: 0 }, official: false },
    licence: "your own",
  },
  open,
  load: inMemory(open),
};
