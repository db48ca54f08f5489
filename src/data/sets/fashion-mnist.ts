/** @file Fashion-MNIST. */

import { FASHION } from "./classes.ts";
import { mnistLike } from "./mnist-like.ts";

export const fashionMnist = mnistLike({
  name: "fashion-mnist",
  title: "Fashion-MNIST articles of clothing",
  licence: "MIT",
  classes: FASHION,
  torchvision: "FashionMNIST/raw",
  baseUrl: "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
  files: {
    "train-images-idx3": [26_421_880, "8d4fb7e6c68d591d4c3dfef9ec88bf0d"],
    "train-labels-idx1": [29_515, "25c81989df183df01b3e8a0aad5dffbe"],
    "t10k-images-idx3": [4_422_102, "bef4ecab320f06d8554ea6380940ec79"],
    "t10k-labels-idx1": [5_148, "bb300cfdad3c16e7a12a480ee83cd310"],
  },
});
