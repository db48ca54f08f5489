/**
 * @file Changes of colour on batches of images [b, c, h, w], floats of 0 to 1, with a factor for each image. Formulas and
 * distributions are torchvision's for float tensors.
 */
import {
  arange,
  cat,
  type Random,
  scope,
  stack,
  type Tensor,
  tensor,
  UsageError,
} from "../../tensor/index.ts";

/** Largest changes; a factor of brightness b is drawn from [max(0, 1 − b), 1 + b], a shift of hue h from [−h, h]. */
export interface Jitter {
  brightness: number;
  contrast: number;
  saturation: number;
  /** Share of the colour circle, at most ½. */
  hue: number;
}

/** Towards black: each image times its factor [b], at most 1. */
export const adjustBrightness = (images: Tensor, factors: Tensor): Tensor =>
  blend(images, images.mul(0), factors);

/** Towards the mean grey of each image. */
export const adjustContrast = (images: Tensor, factors: Tensor): Tensor =>
  scope(() => blend(images, grey(images).mean([1, 2, 3], true), factors), "contrast");

/** Towards each pixel's own grey. */
export const adjustSaturation = (images: Tensor, factors: Tensor): Tensor =>
  scope(() => blend(images, grey(images), factors), "saturation");

/** factor · x + (1 − factor) · other, held in [0, 1]. */
function blend(images: Tensor, other: Tensor, factors: Tensor): Tensor {
  return scope(() => {
    checkImages(images);
    const f = perImage(factors);
    return images
      .mul(f)
      .add(other.mul(f.neg().add(1)))
      .clamp(0, 1);
  }, "blend");
}

/** Turns hues by shifts [b], as shares of the circle; grey pixels, and images of one channel, stay. */
export function adjustHue(images: Tensor, shifts: Tensor): Tensor {
  checkImages(images);
  if (images.size(1) === 1) return images.clone();
  return scope(() => {
    const [h, s, v] = hueSaturationValue(images);
    const turned = h.add(perImage(shifts).squeeze(1)).mul(6); //                [b, h, w]
    const strength = v.mul(s);
    const channels = [5, 3, 1].map((n) => {
      const k = turned.add(n).remainder(6);
      return v.sub(strength.mul(k.minimum(k.neg().add(4)).clamp(0, 1)));
    });
    return stack(channels, 1);
  }, "hue");
}

/** Hue in [0, 1), saturation and value of RGB images, [b, h, w] each. */
function hueSaturationValue(images: Tensor): [Tensor, Tensor, Tensor] {
  const [r, g, b] = images.unbind(1) as [Tensor, Tensor, Tensor];
  const value = images.max([1]);
  const range = value.sub(images.min([1]));
  const plain = range.eq(0).to("float32");
  const over = range.add(plain); //                                             1 where there is no colour
  const [rc, gc, bc] = [r, g, b].map((channel) => value.sub(channel).div(over)) as [Tensor, Tensor, Tensor];
  const [isRed, isGreen] = [value.eq(r), value.eq(g)];
  const sixths = bc.sub(gc).where(isRed, rc.sub(bc).add(2).where(isGreen, gc.sub(rc).add(4)));
  return [sixths.div(6).remainder(1), range.div(value.add(plain)), value];
}

/** Luma, with as many channels as `like` has: [b, 1, h, w]; images of one channel are grey already. */
function grey(images: Tensor): Tensor {
  if (images.size(1) === 1) return images;
  return scope(() => {
    const weights = tensor([0.2989, 0.587, 0.114], { device: images.device }).reshape([1, 3, 1, 1]);
    return images.mul(weights).sum([1], true);
  }, "grey");
}

/** Makes each image grey with probability `p`; it keeps its channels. */
export function randomGrey(images: Tensor, p: number, random: Random): Tensor {
  checkImages(images);
  return scope(() => {
    const chosen = random.uniform([images.size(0), 1, 1, 1], 0, 1, { device: images.device }).lt(p);
    return grey(images).expand(images.shape).where(chosen, images);
  }, "random grey");
}

const ADJUST = [adjustBrightness, adjustContrast, adjustSaturation, adjustHue];

/** With probability `p`, changes brightness, contrast, saturation and hue of each image, in an order of its own. */
export function colourJitter(images: Tensor, jitter: Jitter, random: Random, p = 1): Tensor {
  checkImages(images);
  const { brightness, contrast, saturation, hue } = jitter;
  if (!([brightness, contrast, saturation, hue].every((most) => most >= 0) && hue <= 0.5))
    throw new UsageError(
      `colour jitter: expected amounts from 0 on and hue at most 0.5, got ${brightness}, ${contrast}, ${saturation}, ${hue}`,
    );
  return scope(() => {
    const b = images.size(0);
    const { device } = images;
    const factors = [brightness, contrast, saturation].map((most, i) =>
      random.at(`factor.${i}`).uniform([b], Math.max(0, 1 - most), 1 + most, { device }),
    );
    factors.push(random.at("hue").uniform([b], -hue, hue, { device }));
    // places of the four in the order of uniform draws: a random permutation for each image
    const orders = random.at("order").uniform([b, 4], 0, 1, { device }).sort(1)[1];
    const touched = random.at("apply").uniform([b], 0, 1, { device }).lt(p);
    let result = images;
    for (let step = 0; step < 4; step++) {
      const kind = orders.select(1, step);
      const before = result;
      result = scope(() => {
        const numbers: Tensor[] = [];
        const changed: Tensor[] = [];
        for (const [i, adjust] of ADJUST.entries()) {
          const own = arange(b, { device }).index([kind.eq(i).and(touched)]); // each image is changed once a step
          numbers.push(own);
          changed.push(adjust(before.indexSelect(0, own), factors[i]!.indexSelect(0, own)));
        }
        const rest = arange(b, { device }).index([touched.not()]);
        const order = cat([...numbers, rest]).sort(0)[1];
        return cat([...changed, before.indexSelect(0, rest)]).indexSelect(0, order);
      }, "jitter");
    }
    return result === images ? images.clone() : result;
  }, "colour jitter");
}

/** [b] → [b, 1, 1, 1] */
const perImage = (values: Tensor): Tensor => values.reshape([-1, 1, 1, 1]);

/** @throws {UsageError} not float images of one or three channels */
function checkImages(images: Tensor): void {
  if (images.dim !== 4 || ![1, 3].includes(images.size(1)) || !images.dtype.startsWith("float"))
    throw new UsageError(
      `colour: expected float images of 0 to 1, [b, 1 or 3, h, w], got ${images.describe()}`,
    );
}
