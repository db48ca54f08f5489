/** @file CIFAR-10. */

import { cifarSet } from "./cifar.ts";
import { CIFAR10 } from "./classes.ts";

export const cifar10 = cifarSet("cifar10", {
  title: "CIFAR-10",
  classes: CIFAR10,
  archive: ["cifar-10-binary.tar.gz", 170_052_171, "c32a1d4ab5d03f1284b67883e8d87530"],
});
