/** @file The head of a run, on fixed features, as a network. */

import { type NetworkOf, networkOf } from "../network.ts";
import type { CppRecipe } from "./recipe.ts";
import { restoreHead } from "./run.ts";

/** Embeddings of images → features and cluster features, rows of length 1. */
export const headNetwork: NetworkOf<CppRecipe> = (recipe, { checkpoint }) => {
  const head = restoreHead(recipe, checkpoint);
  const inputs = checkpoint.model.get("pre_feature.0.weight")!.size(1);
  const input = { name: "embedding", kind: "features", shape: [inputs] } as const;
  return networkOf("cpp", head, [input], (X) => {
    const { Z, C } = head.features(X!);
    return { features: Z, clusters: C };
  });
};
