/** @file What MNIST and the sets in its form have in common: 28 × 28 grey images of ten classes, as IDX files. */

import { md5, type RemoteSet } from "../fetch/remote.ts";
import { hasIdx, readIdxSet } from "../formats/idx.ts";
import { type Dataset, locate } from "./dataset.ts";

interface Published {
  name: string;
  title: string;
  licence: string;
  classes: readonly string[];
  /** Where torchvision puts the files, below its folder of data sets. */
  torchvision: string;
  baseUrl: string;
  /** Bytes and MD5 sum of each file. */
  files: Readonly<Record<(typeof FILES)[number], readonly [size: number, hex: string]>>;
}

const FILES = ["train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"] as const;

/** A set from its files, or fetched. */
export function mnistLike({
  name,
  title,
  licence,
  classes,
  torchvision,
  baseUrl,
  files,
}: Published): Dataset {
  const remote: RemoteSet = {
    baseUrl,
    files: FILES.map((file) => md5(`${file}-ubyte.gz`, ...files[file])),
  };
  return {
    info: {
      ...{ name, title, licence, official: true },
      ...{ classes: 10, channels: 1, size: 28, count: { train: 60_000, test: 10_000 } },
    },
    remote,
    load({ dir, split }) {
      const folder = locate(name, dir, (at) => hasIdx(at, split), torchvision);
      return readIdxSet(folder, split, { name, classes });
    },
  };
}
