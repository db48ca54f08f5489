/** @file MNIST. Its own page refuses programs; the address is PyTorch's copy. */

import { md5 } from "../fetch/remote.ts";
import { hasIdx, readIdxSet } from "../formats/idx.ts";
import { DIGITS } from "./classes.ts";
import { type Dataset, locate } from "./dataset.ts";

export const mnist: Dataset = {
  info: {
    name: "mnist",
    title: "MNIST handwritten digits",
    ...{ classes: 10, channels: 1, size: 28, count: { train: 60_000, test: 10_000 } },
    official: true,
    licence: "CC BY-SA 3.0",
  },
  remote: {
    baseUrl: "https://ossci-datasets.s3.amazonaws.com/mnist/",
    files: [
      md5("train-images-idx3-ubyte.gz", 9_912_422, "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
      md5("train-labels-idx1-ubyte.gz", 28_881, "d53e105ee54ea40749a09fcbcd1e9432"),
      md5("t10k-images-idx3-ubyte.gz", 1_648_877, "9fb629c4189551a2d022fa330f9573f3"),
      md5("t10k-labels-idx1-ubyte.gz", 4_542, "ec29112dd5afa0611ce80d1b7f02629c"),
    ],
  },
  load({ dir, split }) {
    const folder = locate("mnist", dir, (at) => hasIdx(at, split), "MNIST/raw");
    return readIdxSet(folder, split, { name: "mnist", classes: DIGITS });
  },
};
