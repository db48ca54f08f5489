/** @file Which network training looks into at each evaluation, and on which samples: the same ones from start to end. */

import type { Size } from "../base/size.ts";
import { type BatchOptions, batches, type ImageSource, sourceSubset } from "../data/index.ts";
import type { Subject } from "../measure/index.ts";
import { type LayerProbes, layerProbes } from "../measure/layer-probes.ts";
import { keep, scope, type Tensor } from "../tensor/index.ts";

/** A network that is trained. */
export interface Watched extends Subject {
  /** At most so many samples of what evaluates it, the first dimension; the caller frees them. */
  samples(most: number): Promise<Tensor>;
  /** Size of its patches, where a class token attends to them. */
  patch?: Size | undefined;
}

/** Samples at most. */
const MOST = 32;
/** And at least: less says nothing, and takes milliseconds. */
const LEAST = 4;

/**
 * A sample's measures take some fifteen forward passes, a step on it three: with one sample for 1,000 that are learned from
 * between two evaluations, they take less than a hundredth of the time.
 */
const LEARNED_FOR_EACH = 1000;

/** As many samples as take at most a hundredth of the time, by what is learned from between two evaluations. */
export const sampleCount = (learned: number): number =>
  Math.max(LEAST, Math.min(MOST, Math.floor(learned / LEARNED_FOR_EACH)));

/** The measures of a network's layers, again and again on the same samples. */
export class LayerWatch implements Disposable {
  private samples: Tensor | undefined;
  private has = true;

  constructor(
    private readonly watched: Watched,
    private readonly count: number,
  ) {}

  /** Nothing where the network has no layers of tokens. */
  async look(): Promise<LayerProbes | undefined> {
    if (!this.has) return undefined;
    this.samples ??= await this.watched.samples(this.count);
    const found = layerProbes(this.watched, this.samples, this.watched.patch);
    if (found === undefined) this.has = false;
    return found;
  }

  [Symbol.dispose](): void {
    this.samples?.dispose();
  }
}

/** Images at even distances in a split, as the network is given them without augmentation. */
export const evenImages =
  (
    source: ImageSource,
    { normalise, imageSize, device }: Pick<BatchOptions, "normalise" | "imageSize" | "device">,
  ) =>
  async (most: number): Promise<Tensor> => {
    const count = Math.min(most, source.count);
    const places = Int32Array.from({ length: count }, (_, i) => Math.floor((i * source.count) / count));
    const options = {
      batchSize: count,
      ...{ ...(normalise && { normalise }), ...(imageSize !== undefined && { imageSize }) },
      ...(device !== undefined && { device }),
    };
    for await (const { images } of batches(sourceSubset(source, places), options))
      return scope(() => keep(images.clone()));
    throw new RangeError("a split without images"); // training has refused it before
  };
