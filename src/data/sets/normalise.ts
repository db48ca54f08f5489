/** @file Mean and standard deviation of the pixels of each data set, in units of 1 (pixel value / 255). */
import { UsageError } from "../../base/errors.ts";

/** Per channel: a normalised pixel is (value / 255 − mean) / std. */
export interface Normalisation {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

export const IMAGENET: Normalisation = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

/** Over all pixels of the training split, as published (digits and synthetic: measured). */
const DATASET: Readonly<Record<string, Normalisation>> = {
  digits: { mean: [0.1309], std: [0.3084] },
  mnist: { mean: [0.1307], std: [0.3081] },
  "fashion-mnist": { mean: [0.286], std: [0.353] },
  cifar10: { mean: [0.4914, 0.4822, 0.4465], std: [0.247, 0.2435, 0.2616] },
  cifar100: { mean: [0.5071, 0.4865, 0.4409], std: [0.2673, 0.2564, 0.2762] },
};

/**
 * The constants for a data set: its own ("dataset"; ImageNet's for a folder, 0.5 and 0.25 for a synthetic set),
 * ImageNet's ("imagenet", colour images only), or mean 0 and std 1 ("none": pixels stay in [0, 1]).
 * @throws UsageError for ImageNet's constants on images that have not 3 channels
 */
export function normalisation(
  set: { readonly name: string; readonly channels: number },
  kind: "dataset" | "imagenet" | "none",
): Normalisation {
  const constant = (mean: number, std: number) => ({
    mean: Array.from({ length: set.channels }, () => mean),
    std: Array.from({ length: set.channels }, () => std),
  });
  if (kind === "none") return constant(0, 1);
  const own = Object.hasOwn(DATASET, set.name) ? DATASET[set.name] : undefined;
  if (kind === "dataset" && own?.mean.length === set.channels) return own;
  if (kind === "dataset" && !/^(folder|shards)/.test(set.name)) return constant(0.5, 0.25);
  if (set.channels !== 3)
    throw new UsageError(
      `imagenet's mean and std are for 3 channels; ${set.name} has ${set.channels}, expected normalise: dataset or none`,
    );
  return IMAGENET;
}
