/** @file The features of a CPP recipe: a file's, a run's, or points whose clusters are known. */

import { readFeatures, type Split } from "../../data/index.ts";
import { checkFeatureSet } from "../../evaluate/index.ts";
import { random, type Tensor, tensor } from "../../tensor/index.ts";
import { runFeatures } from "../run-features.ts";
import { curvedManifolds } from "./curved-manifolds.ts";
import type { CppRecipe } from "./recipe.ts";

/** `using source = …` frees both. */
export interface FeatureSource extends Disposable {
  /** [n, d], float32 */
  X: Tensor;
  /** int64 [n], where there are any */
  labels?: Tensor;
  /** Names of what the labels number, where they are known. */
  classes?: readonly string[];
}

/**
 * @throws {DataError} a file that is not there or damaged, features that are not finite, other labels than features
 * @throws {UsageError} a run without features
 */
export async function openFeatures({ data, seed }: CppRecipe, split: Split): Promise<FeatureSource> {
  const source = await open(data, split, seed);
  try {
    checkFeatureSet(source.X, source.labels);
    return source;
  } catch (error) {
    source[Symbol.dispose]();
    throw error;
  }
}

async function open(data: CppRecipe["data"], split: Split, seed: number): Promise<FeatureSource> {
  const { name, dir, classes, perClass, dim } = data;
  if (name === "manifolds") {
    const { X, labels } = curvedManifolds({ classes, perClass, dim }, random(seed).at("manifolds"));
    return owned(X, labels);
  }
  if (name.startsWith("run:")) {
    const place = { checkpoint: "best", split, ...(dir !== undefined && { dir }) };
    const { Z, labels, classes } = await runFeatures(name.slice("run:".length), place);
    return { ...owned(Z, labels), classes };
  }
  const path = name.startsWith("features:") ? name.slice("features:".length) : name;
  const { key, labels: labelKey } = data;
  const names = {
    ...(key !== undefined && { features: key }),
    ...(labelKey !== undefined && { labels: labelKey }),
  };
  const { features, labels } = await readFeatures(path, names);
  return owned(features, labels && tensor(BigInt64Array.from(labels, BigInt)));
}

const owned = (X: Tensor, labels?: Tensor): FeatureSource => ({
  X,
  ...(labels && { labels }),
  [Symbol.dispose]() {
    X.dispose();
    labels?.dispose();
  },
});
