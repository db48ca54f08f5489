/** @file The validation split: a share of the training images, held out by seed and stratified by class. */

import { UsageError } from "../../base/errors.ts";
import type { Random } from "../../tensor/index.ts";

/** Splits of a run's data. The training split is without what is held out for validation. */
export const SPLITS = ["train", "validation", "test"] as const;
export type Split = (typeof SPLITS)[number];

/** What a run is measured on while it trains. */
export type Measured = Exclude<Split, "train">;

/** Validation where a share is held out, else the test split. */
export const measuredSplit = ({ validation }: { validation?: number | undefined }): Measured =>
  validation === undefined ? "test" : "validation";

/** Places of images in a set, ascending. */
export interface HeldOut {
  train: Int32Array;
  validation: Int32Array;
}

/**
 * Holds out round(share · n_k) of the n_k images of each class k, at least one and never all; the only image of a class
 * is learned from. Which ones depends on the seed and the order of the set alone.
 *
 * @param share of the images, above 0 and below 1
 * @throws {UsageError} no class has two images
 */
export function holdOut(labels: Int32Array, share: number, random: Random): HeldOut {
  const ofClass = new Map<number, number[]>();
  for (const [place, label] of labels.entries()) {
    const known = ofClass.get(label);
    if (known === undefined) ofClass.set(label, [place]);
    else known.push(place);
  }
  const held = new Uint8Array(labels.length);
  for (const [label, places] of ofClass) {
    const count = Math.min(places.length - 1, Math.max(1, Math.round(share * places.length)));
    using order = random.at(`class.${label}`).permutation(places.length);
    for (const i of order.numbers().slice(0, count)) held[places[i]!] = 1;
  }
  const placesOf = (flag: number) =>
    Int32Array.from([...held.keys()].filter((place) => held[place] === flag));
  const found = { train: placesOf(0), validation: placesOf(1) };
  if (found.validation.length > 0) return found;
  throw new UsageError(
    `data.validation: expected a class of two images or more, one of them to hold out, got ${labels.length} images of ${ofClass.size} classes`,
    { path: "data.validation" },
  );
}
