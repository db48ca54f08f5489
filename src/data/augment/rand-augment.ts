/** @file RandAugment: a few operations on each image, drawn from fourteen, all of one magnitude. */
import { aten, type Random, scope, type Tensor, tensor, UsageError } from "../../tensor/index.ts";
import { type Matrix, warp } from "./affine.ts";
import {
  autoContrast,
  brighten,
  contrast,
  equalise,
  posterise,
  saturate,
  sharpen,
  solarise,
} from "./tone.ts";

/** Magnitudes are 0 … 30. */
const MOST = 30;

/** One operation on images of bytes as floats [b, c, h, w]; signs are 1 or −1, one for each image. */
type Operation = (x: Tensor, share: number, signs: readonly number[]) => Tensor;

const moved =
  (
    matrix: (amount: number, h: number, w: number) => Matrix,
    most: (w: number, h: number) => number,
  ): Operation =>
  (x, share, signs) => {
    const [h, w] = [x.size(2), x.size(3)];
    return warp(
      x,
      signs.map((sign) => matrix(sign * share * most(w, h), h, w)),
    );
  };
const toned =
  (change: (x: Tensor, factors: readonly number[]) => Tensor): Operation =>
  (x, share, signs) =>
    change(
      x,
      signs.map((sign) => 1 + sign * Math.fround(share * 0.9)), // single precision, as there
    );
/** Shears and shifts at most; shears are about the upper left corner. */
const [SHEAR, SHIFT, TURN] = [0.3, 150 / 331, Math.PI / 6];

/** By torchvision's names, in its order. */
export const OPERATIONS: Readonly<Record<string, Operation>> = {
  Identity: (x) => x.clone(),
  ShearX: moved(
    (s, h) => [1, s, (s * h) / 2, 0, 1, 0],
    () => SHEAR,
  ),
  ShearY: moved(
    (s, _h, w) => [1, 0, 0, s, 1, (s * w) / 2],
    () => SHEAR,
  ),
  TranslateX: moved(
    (t) => [1, 0, -Math.trunc(t), 0, 1, 0],
    (w) => SHIFT * w,
  ),
  TranslateY: moved(
    (t) => [1, 0, 0, 0, 1, -Math.trunc(t)],
    (_w, h) => SHIFT * h,
  ),
  Rotate: moved(
    (a) => [Math.cos(a), -Math.sin(a), 0, Math.sin(a), Math.cos(a), 0],
    () => TURN,
  ),
  Brightness: toned(brighten),
  Color: toned(saturate),
  Contrast: toned(contrast),
  Sharpness: toned(sharpen),
  Posterize: (x, share) => posterise(x, 8 - Math.round(share * 4)),
  Solarize: (x, share) => solarise(x, 255 * (1 - share)),
  AutoContrast: autoContrast,
  Equalize: equalise,
};

/**
 * `count` operations on each image, one after the other, each drawn anew with equal chances and a random sign.
 *
 * @param images values of 0 … 255, rounded to bytes first, [b, c, h, w]
 * @param magnitude 0 … 30
 * @returns float32, whole numbers of 0 … 255
 * @throws {UsageError} a magnitude out of range
 * @see Cubuk et al. 2020, the method, with torchvision's operations and ranges
 */
export function randAugment(
  images: Tensor,
  { count, magnitude }: { count: number; magnitude: number },
  random: Random,
): Tensor {
  if (!(magnitude >= 0 && magnitude <= MOST))
    throw new UsageError(`RandAugment: expected a magnitude of 0 to ${MOST}, got ${magnitude}`);
  return scope(() => {
    const operations = Object.values(OPERATIONS);
    const b = images.size(0);
    let result = aten<Tensor>("round", images.to("float32")).clamp(0, 255);
    for (let round = 0; round < count; round++) {
      const draw = (name: string, below: number) =>
        scope(() => random.at(`${name}.${round}`).integers([b], 0, below).numbers());
      const [chosen, turned] = [draw("operation", operations.length), draw("sign", 2)];
      result = scope(() => {
        const next = result.clone();
        for (const [k, operation] of operations.entries()) {
          const own = [...chosen.keys()].filter((i) => chosen[i] === k);
          if (own.length === 0 || k === 0) continue; // the first does nothing
          const at = tensor(BigInt64Array.from(own, BigInt), { device: images.device });
          const changed = operation(
            result.indexSelect(0, at),
            magnitude / MOST,
            own.map((i) => 1 - 2 * turned[i]!),
          );
          aten("index_copy_", next, 0, at, changed);
        }
        return next;
      });
    }
    return result;
  }, "RandAugment");
}
