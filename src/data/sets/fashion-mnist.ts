/** @file Fashion-MNIST. */

import { md5 } from "../fetch/remote.ts";
import { hasIdx, readIdxSet } from "../formats/idx.ts";
import { FASHION } from "./classes.ts";
import { type Dataset, locate } from "./dataset.ts";

export const fashionMnist: Dataset = {
  info: {
    name: "fashion-mnist",
    title: "Fashion-MNIST articles of clothing",
    ...{ classes: 10, channels: 1, size: 28, count: { train: 60_000, test: 10_000 } },
    official: true,
    licence: "MIT",
  },
  remote: {
    baseUrl: "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    files: [
      md5("train-images-idx3-ubyte.gz", 26_421_880, "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
      md5("train-labels-idx1-ubyte.gz", 29_515, "25c81989df183df01b3e8a0aad5dffbe"),
      md5("t10k-images-idx3-ubyte.gz", 4_422_102, "bef4ecab320f06d8554ea6380940ec79"),
      md5("t10k-labels-idx1-ubyte.gz", 5_148, "bb300cfdad3c16e7a12a480ee83cd310"),
    ],
  },
  load({ dir, split }) {
    const folder = locate("fashion-mnist", dir, (at) => hasIdx(at, split), "FashionMNIST/raw");
    return readIdxSet(folder, split, { name: "fashion-mnist", classes: FASHION });
  },
};
