/** @file Rotation, shift, scale and shear of batches [b, c, h, w], a map for each image, in one operator. */
import { aten, type Random, scope, type Tensor, tensor, UsageError } from "../../tensor/index.ts";

/** What is done to each image about its centre, [b] each; what is left out is not done. In this order: shear, turn, scale, shift. */
export interface AffineMaps {
  /** Degrees, clockwise. */
  angle?: ArrayLike<number>;
  /** Pixels to the right and down. */
  shiftX?: ArrayLike<number>;
  shiftY?: ArrayLike<number>;
  scale?: ArrayLike<number>;
  /** Degrees by which columns lean. */
  shear?: ArrayLike<number>;
}

/** The distributions of torchvision's RandomAffine. */
export interface AffineRange {
  /** Angle in [−degrees, degrees]. */
  degrees?: number;
  /** Largest shift as shares of width and height; whole pixels. */
  translate?: readonly [number, number];
  scale?: readonly [number, number];
  /** Shear in [−shear, shear] degrees. */
  shear?: number;
}

/**
 * Moves each image by its map, as torchvision's `affine` does: a pixel of the result is where its centre comes from, the
 * nearest pixel there unless "bilinear" is asked for, black outside.
 *
 * @param images float [b, c, h, w]
 */
export function affine(
  images: Tensor,
  maps: AffineMaps,
  interpolation: "nearest" | "bilinear" = "nearest",
): Tensor {
  const [b] = sizesOf(images);
  for (const [key, values] of Object.entries(maps))
    if (values.length !== b)
      throw new UsageError(`affine: expected ${key} of ${b} images, got ${values.length}`);
  const inverses = Array.from({ length: b }, (_, i) => inverse(maps, i));
  return warp(images, inverses, interpolation);
}

/** [m00, m01, m02; m10, m11, m12], in pixels about an image's centre. */
export type Matrix = readonly [number, number, number, number, number, number];

/**
 * Each pixel of the result comes from where its image's matrix sends it, black where that is outside.
 *
 * @param images float [b, c, h, w]
 * @param inverses a map from the result to the image for each
 */
export function warp(
  images: Tensor,
  inverses: readonly Matrix[],
  interpolation: "nearest" | "bilinear" = "nearest",
): Tensor {
  const [b, c, h, w] = sizesOf(images);
  // in the squares [−1, 1]² that the operator samples
  const values = inverses.flatMap(([m00, m01, m02, m10, m11, m12]) => [
    ...[m00, (m01 * h) / w, (2 * m02) / w],
    ...[(m10 * w) / h, m11, (2 * m12) / h],
  ]);
  return scope(() => {
    const theta = tensor(Float64Array.from(values), { shape: [b, 2, 3] })
      .to(images.dtype)
      .to(images.device);
    const grid = aten("affine_grid_generator", theta, [b, c, h, w], false);
    const zeros = 0;
    return aten("grid_sampler", images, grid, interpolation === "nearest" ? 1 : 0, zeros, false);
  }, "affine");
}

function sizesOf(images: Tensor): [b: number, c: number, h: number, w: number] {
  if (images.dim !== 4 || !images.dtype.startsWith("float"))
    throw new UsageError(`affine: expected float images [b, c, h, w], got ${images.describe()}`);
  return images.shape as unknown as [number, number, number, number];
}

const RADIANS = Math.PI / 180;

/** The inverse of image i's map. */
function inverse(maps: AffineMaps, i: number): Matrix {
  const angle = (maps.angle?.[i] ?? 0) * RADIANS;
  const lean = Math.tan((maps.shear?.[i] ?? 0) * RADIANS);
  const scale = maps.scale?.[i] ?? 1;
  const [x, y] = [maps.shiftX?.[i] ?? 0, maps.shiftY?.[i] ?? 0];
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  // the map is scale · [cos, −cos · lean − sin; sin, −sin · lean + cos], of determinant scale²
  const [m00, m01] = [(cos - sin * lean) / scale, (cos * lean + sin) / scale];
  const [m10, m11] = [-sin / scale, cos / scale];
  const [m02, m12] = [-m00 * x - m01 * y, -m10 * x - m11 * y];
  return [m00, m01, m02, m10, m11, m12];
}

/** Maps drawn for b images of h × w. */
export function drawMaps(b: number, h: number, w: number, range: AffineRange, random: Random): AffineMaps {
  const draw = (name: string, low: number, high: number): number[] => {
    using drawn = random.at(name).uniform([b], low, high, { dtype: "float64" });
    return drawn.numbers();
  };
  const { degrees = 0, translate = [0, 0], scale = [1, 1], shear = 0 } = range;
  const [dx, dy] = [translate[0] * w, translate[1] * h];
  return {
    angle: draw("angle", -degrees, degrees),
    shiftX: draw("shiftX", -dx, dx).map(Math.round),
    shiftY: draw("shiftY", -dy, dy).map(Math.round),
    scale: draw("scale", ...scale),
    shear: draw("shear", -shear, shear),
  };
}

/** Moves each image at random, to the nearest pixels. */
export function randomAffine(images: Tensor, range: AffineRange, random: Random): Tensor {
  const [b, , h, w] = images.shape as [number, number, number, number];
  return affine(images, drawMaps(b, h, w, range, random));
}

/** Moves each image by one of the ranges, with equal chances. */
export function randomAffineOf(images: Tensor, ranges: readonly AffineRange[], random: Random): Tensor {
  const [b, , h, w] = images.shape as [number, number, number, number];
  using which = random.at("which").integers([b], 0, ranges.length);
  const chosen = which.numbers();
  const drawn = ranges.map((range, i) => drawMaps(b, h, w, range, random.at(`range.${i}`)));
  const pick = (key: keyof AffineMaps) => chosen.map((k, i) => drawn[k]![key]![i]!);
  return affine(images, {
    angle: pick("angle"),
    shiftX: pick("shiftX"),
    shiftY: pick("shiftY"),
    scale: pick("scale"),
    shear: pick("shear"),
  });
}
