/** @file placeholder until the augmentations land */
import type { Random, Tensor } from "../../tensor/index.ts";
export const viewChanges = (name: string): ((images: Tensor, random: Random) => Tensor) => {
  throw new Error(name);
};
