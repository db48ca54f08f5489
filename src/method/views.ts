/** @file What commands show of a run: what they ask, and what a method's code answers. */

import type { ImageSource, Split } from "../data/index.ts";
import type { Tensor } from "../tensor/index.ts";

/** Which checkpoint of a run is shown, and where the picture goes. */
export interface ViewOptions {
  checkpoint: string;
  split: Split;
  /** Folder of the PNG file; `pictures/` in the run's own when not given. */
  output?: string;
}

export interface ReconstructOptions extends ViewOptions {
  /** Images. */
  count: number;
  /** Share of the patches removed; the recipe's when not given. */
  maskRatio?: number;
  /** Random seed of the masks; 1. */
  seed?: number;
  /** One mask for all images: rows of 0 and 1, 1 where a patch is removed. */
  mask?: string;
}

export interface SampleOptions extends ViewOptions {
  kind: "classes" | "traverse" | "interpolate";
  /** Pictures in a row. */
  columns: number;
  /** Class to walk in (traverse): its components are the directions. All classes when not given (classes). */
  class?: number;
  /** Components of a class that samples vary along, or rows of a traversal. */
  components: number;
  /** Random seed of the samples. */
  seed: number;
}

export interface GeneratorOptions {
  checkpoint: string;
  /** Images to draw. */
  count: number;
  /** Principal components that a class's samples vary along (closed loops). */
  components: number;
  /** Random seed of the images. */
  seed: number;
}

/** What draws images, opened from a run. Images are [n, c, imageSize, imageSize] in [−1, 1]; the caller frees them. */
export interface Generator extends Disposable {
  readonly imageSize: number;
  /** Images drawn without an image: from noise, or from the Gaussians of the training images' classes. */
  draw(train: ImageSource): Promise<Tensor>;
  /** What the loop makes of images, where there is a loop. */
  transcribe?(images: Tensor): Tensor;
}

export type OpenGenerator = (folder: string, options: GeneratorOptions) => Promise<Generator>;

/** Draws a run into a PNG file. @returns its path */
export type DrawRun<O extends ViewOptions> = (folder: string, options: O) => Promise<string>;
