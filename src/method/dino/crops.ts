/** @file Two large crops of each image and several small ones, each changed at random as DINO changes them. */

import { type Size, sides } from "../../base/size.ts";
import {
  type Crops,
  colourJitter,
  type Normalisation,
  normalise,
  randomBlur,
  randomFlip,
  randomGrey,
  randomResizedCrop,
} from "../../data/index.ts";
import { cat, noGrad, type Random, scope, type Tensor } from "../../tensor/index.ts";

export interface CropOptions {
  /** Of the global crops. */
  imageSize: Size;
  /** Of the local crops. */
  localSize: Size;
  /** Local crops of an image; 0 for none. */
  localCrops: number;
  /** Smallest and largest share of the image that a crop covers. */
  globalScale: readonly [number, number];
  localScale: readonly [number, number];
  normalise: Normalisation;
}

const JITTER = { brightness: 0.4, contrast: 0.4, saturation: 0.2, hue: 0.1 };

/** Of the two global crops and of the local ones: how likely they are blurred and solarised. */
const FIRST = { blur: 1, solarise: 0 };
const SECOND = { blur: 0.1, solarise: 0.2 };
const LOCAL = { blur: 0.5, solarise: 0 };

/** The boxes of an image that become crops: two large ones, and the local ones where there are some. */
export function boxesOf(options: CropOptions): Crops[] {
  const { imageSize, localSize, localCrops, globalScale, localScale } = options;
  const large = { count: 2, size: imageSize, scale: globalScale };
  return localCrops > 0 ? [large, { count: localCrops, size: localSize, scale: localScale }] : [large];
}

/**
 * Crops of images [b, c, h, w] in [0, 1], normalised: [2b, c, S, S], the first crops before the second ones, and where
 * there are local crops [V b, c, s, s].
 * @param views the boxes of `boxesOf`, where they were cut as the images were decoded; drawn here from `images` unless given
 */
export function drawCrops(
  images: Tensor,
  options: CropOptions,
  random: Random,
  views?: readonly Tensor[],
): Tensor[] {
  const [large, local] = boxesOf(options) as [Crops, Crops?];
  const cropped = (copies: Tensor, { scale, size }: Crops, stream: Random) =>
    randomResizedCrop(copies, scale, size, stream.at("crop"));
  return noGrad(() =>
    scope(() => {
      const [both, locals] = views ?? [];
      const twice = [FIRST, SECOND].map((odds, i) => {
        const stream = random.at(`global.${i}`);
        const crop = both?.narrow(0, i * images.size(0), images.size(0)) ?? cropped(images, large, stream);
        return changed(crop, large.size, odds, stream);
      });
      const groups = [cat(twice)];
      if (local !== undefined) {
        const stream = random.at("local").times(local.count);
        const crop = locals ?? cropped(cat(Array.from({ length: local.count }, () => images)), local, stream);
        groups.push(changed(crop, local.size, LOCAL, stream));
      }
      return groups.map((crops) => normalise(crops.mul(255), options.normalise));
    }, "crops"),
  );
}

/** All that is changed at random but the box. */
function changed(
  crop: Tensor,
  size: Size,
  { blur, solarise }: { blur: number; solarise: number },
  random: Random,
): Tensor {
  return scope(() => {
    const flipped = randomFlip(crop, random.at("flip"));
    const coloured = colourJitter(flipped, JITTER, random.at("jitter"), 0.8);
    const grey = randomGrey(coloured, 0.2, random.at("grey"));
    const blurred = randomBlur(grey, blurKernel(Math.min(...sides(size))), random.at("blur"), { p: blur });
    return solarise > 0 ? randomSolarise(blurred, solarise, random.at("solarise")) : blurred;
  }, "change");
}

/** The odd number nearest to a tenth of the side, 3 at least: how wide the blur reaches. */
const blurKernel = (side: number): number => Math.max(3, 2 * Math.round((side / 10 - 1) / 2) + 1);

/** Turns the bright half of the values around, x ≥ ½ to 1 − x, in each image with probability `p`. */
export function randomSolarise(images: Tensor, p: number, random: Random): Tensor {
  return scope(() => {
    const chosen = random.uniform([images.size(0), 1, 1, 1], 0, 1, { device: images.device }).lt(p);
    const turned = images.neg().add(1).where(images.ge(0.5), images);
    return turned.where(chosen, images);
  }, "solarise");
}
