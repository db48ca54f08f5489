/** @file The data sets of images: a line each. */

export { cifar10 } from "./cifar10.ts";
export { cifar100 } from "./cifar100.ts";
export { digits } from "./digits.ts";
export { fashionMnist } from "./fashion-mnist.ts";
export { folder } from "./image-folder.ts";
export { shards } from "./image-shards.ts";
export { mnist } from "./mnist.ts";
export { synthetic } from "./synthetic.ts";
