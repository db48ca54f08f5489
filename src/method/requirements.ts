/** @file What a method needs of its data, said before the first step: nothing is refused once the work is done. */

import { talk } from "../base/talk.ts";
import { type ImageInfo, leavesOne } from "../data/index.ts";
import { BatchNorm, type Module } from "../nn/index.ts";
import { UsageError } from "../tensor/index.ts";

const refuse = (path: string, expected: string, received: number | string): never => {
  throw new UsageError(`${path}: expected ${expected}, got ${received}`, { path });
};

interface BatchNeeds {
  /** Those that are trained: batch normalisation in one of them needs two images. */
  nets?: readonly Module[];
  /** Why two are needed anyway, where they are. */
  least?: string;
  path?: string;
}

/**
 * A batch that is no larger than the set, and large enough for what is taken over a batch.
 * @throws {UsageError}
 */
export function requireBatch(
  { name, count }: Pick<ImageInfo, "name" | "count">,
  batchSize: number,
  { nets = [], least, path = "train.batchSize" }: BatchNeeds = {},
): void {
  if (batchSize > count)
    throw new UsageError(
      `${path}: ${name} has ${count} images to train on, expected a batch of at most that, got ${batchSize}`,
      { path },
    );
  const why = nets.some(normalises) ? "batch normalisation compares the images of a batch" : least;
  if (batchSize < 2 && why !== undefined) refuse(path, `a batch of 2 or more, since ${why}`, batchSize);
}

/** Whether there is batch normalisation in a net. */
const normalises = (net: Module): boolean =>
  net instanceof BatchNorm || net.children.some((child) => normalises(child.module));

/** The channels that the recipe says, where it says them. @throws {UsageError} */
export function requireChannels(
  channels: number | undefined,
  set: Pick<ImageInfo, "name" | "channels">,
): void {
  if (channels !== undefined && channels !== set.channels)
    refuse("model.channels", `${set.channels}, the channels of ${set.name}'s images`, channels);
}

/** Images of each class. */
const countsOf = ({ labels, classes }: Pick<ImageInfo, "labels" | "classes">): number[] => {
  const counts = new Array<number>(classes.length).fill(0);
  for (const label of labels) counts[label]!++;
  return counts;
};

/** Two classes: with one there is nothing to tell apart, and the loss is 0. @throws {UsageError} */
export function requireClasses(set: ImageInfo): void {
  const present = countsOf(set).filter((count) => count > 0).length;
  if (present < 2) refuse("data.name", `images of at least two classes in ${set.name}`, present);
}

/**
 * Directions for nearest subspaces: fewer than dimensions, and no more than any class has images.
 * @param dimension of the features
 * @throws {UsageError}
 */
export function requireComponents(components: number, train: ImageInfo, dimension: number): void {
  if (components >= dimension)
    refuse("method.components", `fewer than the ${dimension} dimensions of the features`, components);
  requireOfEach("method.components", components, train);
}

/** So many images of each class that there is. @throws {UsageError} */
export function requireOfEach(path: string, needed: number, set: ImageInfo): void {
  const counts = countsOf(set);
  const short = counts.findIndex((count) => count > 0 && count < needed);
  if (short >= 0)
    refuse(path, `at most the ${counts[short]} images of class ${set.classes[short]} in ${set.name}`, needed);
}

/** An image of each class. @throws {UsageError} */
export function requireEachClass(set: ImageInfo): void {
  const missing = countsOf(set).indexOf(0);
  if (missing >= 0)
    refuse("data.name", `images of each class in ${set.name}`, `none of ${set.classes[missing]}`);
}

/** No more neighbours than images. @throws {UsageError} */
export function requireNeighbours(neighbours: number, { name, count }: ImageInfo): void {
  if (neighbours > count) refuse("method.neighbours", `at most the ${count} images of ${name}`, neighbours);
}

/** As many points as clusters. @throws {UsageError} */
export function requirePoints({ name, count, classes }: ImageInfo): void {
  if (count < classes.length)
    refuse("data.name", `at least ${classes.length} images in ${name}, one for each cluster`, count);
}

/** So many images of each group of classes. @throws {UsageError} */
export function requireGroups(groups: readonly (readonly number[])[], set: ImageInfo, least: number): void {
  const counts = countsOf(set);
  for (const group of groups) {
    const count = group.reduce((sum, label) => sum + counts[label]!, 0);
    const names = group.map((label) => set.classes[label]).join(", ");
    if (count < least) refuse("data.name", `${least} or more images of ${names} in ${set.name}`, count);
  }
}

/** Says which images a run never learns from, where there are any. */
export function sayLeftOut(
  sets: readonly { name: string; count: number; batchSize: number }[],
  progress: string,
): void {
  const found = sets.find(({ count, batchSize }) => leavesOne(count, batchSize));
  if (found !== undefined && progress !== "none")
    talk(
      `${found.name}: ${found.count} images in batches of ${found.batchSize} leave one over, which each epoch leaves out: a batch of one has nothing to compare`,
    );
}
