/** @file `folder:PATH`: a person's own images as a data set. */

import { existsSync } from "node:fs";
import { isAbsolute, join, resolve } from "node:path";
import { UsageError } from "../../base/errors.ts";
import type { Dataset, DatasetOptions } from "./dataset.ts";
import { dataRoot } from "./find.ts";
import { ImageFolder } from "./folder.ts";

function open({ dir, split, imageSize = 224, workers }: DatasetOptions, at?: string): ImageFolder {
  if (at === "" || (at === undefined && dir === undefined))
    throw new UsageError("folder: no path; write folder:PATH, or give its dir");
  const root = at === undefined ? resolve(dir!) : findFolder(at, dir);
  return ImageFolder.open(root, { split, imageSize, ...(workers === undefined ? {} : { workers }) });
}

/** A relative path is looked up in the working directory first, then in the folder of data sets. */
export function findFolder(path: string, dir: string | undefined): string {
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
  async load(options, at) {
    const images = open(options, at);
    try {
      return await images.loadAll();
    } finally {
      await images.close();
    }
  },
};
