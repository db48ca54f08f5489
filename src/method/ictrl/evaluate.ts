/** @file Accuracies of an encoder on groups of classes. */

import type { ImageSet } from "../../data/index.ts";
import { nearestSubspace } from "../../evaluate/classify/index.ts";
import { featuresOf } from "../../evaluate/features.ts";
import type { Module } from "../../nn/index.ts";
import { scope } from "../../tensor/index.ts";
import { addAccuracies, ofClasses, type Progression } from "./tasks.ts";

export interface TaskMeasure {
  train: ImageSet;
  test: ImageSet;
  imageSize: number;
  device?: string;
  /** Directions per class of the nearest-subspace classifier, through the origin. */
  components: number;
}

/** Adds the accuracies on some groups, fitted to their training images; the group is not told. */
export async function addTaskAccuracies(
  progression: Progression,
  encoder: Module,
  tasks: readonly (readonly number[])[],
  { train, test, imageSize, device, components }: TaskMeasure,
): Promise<void> {
  const images = { imageSize, ...(device !== undefined && { device }) };
  using fitted = await featuresOf(encoder, ofClasses(train, tasks.flat()), images);
  using held = await featuresOf(encoder, ofClasses(test, tasks.flat()), images);
  scope(() => {
    const classes = train.classes.length;
    using classifier = nearestSubspace(fitted.Z, fitted.labels, { classes, components, centred: false });
    const predicted = classifier.predict(held.Z).numbers();
    addAccuracies(progression, tasks, predicted, held.labels.numbers());
  }, "measure");
}
