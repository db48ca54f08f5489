/** @file MNIST. Its own page refuses programs; the address is PyTorch's copy. */

import { DIGITS } from "./classes.ts";
import { mnistLike } from "./mnist-like.ts";

export const mnist = mnistLike({
  name: "mnist",
  title: "MNIST handwritten digits",
  licence: "CC BY-SA 3.0",
  classes: DIGITS,
  torchvision: "MNIST/raw",
  baseUrl: "https://ossci-datasets.s3.amazonaws.com/mnist/",
  files: {
    "train-images-idx3": [9_912_422, "f68b3c2dcbeaaa9fbdd348bbdeb94873"],
    "train-labels-idx1": [28_881, "d53e105ee54ea40749a09fcbcd1e9432"],
    "t10k-images-idx3": [1_648_877, "9fb629c4189551a2d022fa330f9573f3"],
    "t10k-labels-idx1": [4_542, "ec29112dd5afa0611ce80d1b7f02629c"],
  },
});
