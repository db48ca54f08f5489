/** @file CIFAR-100 with its fine labels. */

import { cifarSet } from "./cifar.ts";
import { CIFAR100 } from "./classes.ts";

export const cifar100 = cifarSet("cifar100", {
  title: "CIFAR-100, fine labels",
  classes: CIFAR100,
  archive: ["cifar-100-binary.tar.gz", 168_513_733, "03b5dce01913d631647c71ecec9e9cb8"],
});
