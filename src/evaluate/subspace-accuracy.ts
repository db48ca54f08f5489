/** @file The paper's accuracy: nearest subspace on the features of the training images. */

import type { ImageSet, ImageSource } from "../data/index.ts";
import type { Module } from "../nn/index.ts";
import type { Group } from "../tensor/index.ts";
import { accuracy, nearestSubspace } from "./classify/index.ts";
import { type Features, featuresOf, type ImageOptions } from "./features.ts";

/** Shares of the test images, 0 to 1: class subspaces through the class mean (PCA), and through the origin (SVD). */
export interface SubspaceAccuracy {
  pca: number;
  svd: number;
}

/** Directions per class in the authors' evaluation of CTRL. */
export const CTRL_COMPONENTS = 10;

/**
 * Fits class subspaces to some features and classifies others.
 * @param across processes that have other features of both: the accuracy is that of all
 * @throws {UsageError} fewer samples than components
 */
export function subspaceAccuracy(
  train: Pick<Features, "Z" | "labels">,
  test: Pick<Features, "Z" | "labels">,
  {
    classes,
    components = CTRL_COMPONENTS,
    across,
  }: { classes: number; components?: number; across?: Group | undefined },
): SubspaceAccuracy {
  const score = (centred: boolean): number => {
    using classifier = nearestSubspace(train.Z, train.labels, { classes, components, centred, across });
    using predicted = classifier.predict(test.Z);
    return accuracy(predicted, test.labels, across);
  };
  return { pca: score(true), svd: score(false) };
}

/** Accuracy of an encoder in evaluation mode: features of all training images, 10 directions per class. */
export async function evaluateEncoder(
  encoder: Module,
  train: ImageSet | ImageSource,
  test: ImageSet | ImageSource,
  options: ImageOptions & { components?: number },
): Promise<SubspaceAccuracy> {
  const { components, ...given } = options;
  const images = { ...given, gather: false };
  using fitted = await featuresOf(encoder, train, images);
  using held = await featuresOf(encoder, test, images);
  const how = { classes: train.classes.length, across: options.across };
  return subspaceAccuracy(fitted, held, { ...how, ...(components !== undefined && { components }) });
}
