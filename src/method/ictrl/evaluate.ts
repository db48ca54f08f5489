/** @file Accuracies of an encoder on groups of classes. */

import type { ImageSet } from "../../data/index.ts";
import { nearestSubspace } from "../../evaluate/classify/index.ts";
import { featuresOf } from "../../evaluate/features.ts";
import type { Module } from "../../nn/index.ts";
import { type Group, gatherRows, scope, type Tensor } from "../../tensor/index.ts";
import { addAccuracies, ofClasses, type Progression } from "./tasks.ts";

export interface TaskMeasure {
  train: ImageSet;
  test: ImageSet;
  imageSize: number;
  device?: string;
  /** Directions per class of the nearest-subspace classifier, through the origin. */
  components: number;
  /** Processes that have a part of the images each. */
  across?: Group | undefined;
}

/** Adds the accuracies on some groups, fitted to their training images; the group is not told. */
export async function addTaskAccuracies(
  progression: Progression,
  encoder: Module,
  tasks: readonly (readonly number[])[],
  { train, test, imageSize, device, components, across }: TaskMeasure,
): Promise<void> {
  const images = { imageSize, across, gather: false, ...(device !== undefined && { device }) };
  using fitted = await featuresOf(encoder, ofClasses(train, tasks.flat()), images);
  using held = await featuresOf(encoder, ofClasses(test, tasks.flat()), images);
  scope(() => {
    const classes = train.classes.length;
    const how = { classes, components, centred: false, across };
    using classifier = nearestSubspace(fitted.Z, fitted.labels, how);
    const all = (own: Tensor) => (across === undefined ? own : gatherRows(own, across)).numbers();
    addAccuracies(progression, tasks, all(classifier.predict(held.Z)), all(held.labels));
  }, "measure");
}
