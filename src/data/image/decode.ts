/** @file One image to a size: its centre, as ImageNet is evaluated on, or all of a box, as it is trained on. */
import { readFile } from "node:fs/promises";
import { areaOf, type Size, sides } from "../../base/size.ts";
import type { Picture } from "./picture.ts";
import { readImage } from "./read.ts";
import { type Kernel, resampleToPlanes } from "./resample.ts";

/** How an image is resized before its centre is cut out. */
export interface Resizing {
  /** Pixels of the shorter side; as many as cover round(size · 256 / 224) when left out. */
  short?: number;
  /** Bilinear ("linear") unless said otherwise; all with anti-aliasing. */
  kernel?: Kernel;
}

/**
 * Width and height with the shorter side brought to `short`, as torchvision's Resize does; without it, the least that
 * covers 256 / 224 of the size.
 */
export function resizedTo(
  width: number,
  height: number,
  size: Size,
  short?: number,
): [width: number, height: number] {
  const [tall, wide] = sides(short ?? size).map((side) => short ?? Math.round((side * 256) / 224)) as [
    number,
    number,
  ];
  return width * tall <= height * wide
    ? [wide, Math.trunc((wide * height) / width)]
    : [Math.trunc((tall * width) / height), tall];
}

/**
 * An image file as RGB bytes [3, height, width], as `centreOf`.
 * @throws Error with the reason when the file is no whole image of a format that is read, or above 64 million pixels
 */
export async function decodeImage(path: string, size: Size, resizing: Resizing = {}): Promise<Uint8Array> {
  // bytes, not the path: libvips would read options in brackets out of a file name
  return centreOf(await readImage(await readFile(path)), size, resizing);
}

/**
 * A picture as bytes [3, height, width]: resized to cover round(size · 256 / 224) and bilinear unless `resizing` says
 * otherwise, with anti-aliasing, then the centre.
 * The bytes are those of torchvision's Resize and CenterCrop on a file that Pillow opened as RGB.
 */
export function centreOf(
  picture: Picture,
  size: Size,
  resizing: Resizing = {},
  out = new Uint8Array(3 * areaOf(size)),
): Uint8Array {
  const { short, kernel = "linear" } = resizing;
  const [w, h] = resizedTo(picture.width, picture.height, size, short);
  const [height, width] = sides(size);
  const centre = { left: halfToEven(w - width), top: halfToEven(h - height), width, height };
  resampleToPlanes(picture, [w, h], kernel, centre, out);
  return out;
}

/**
 * A whole picture at a size, bilinear with anti-aliasing, as bytes [3, height, width]: of a box, those of torchvision's
 * RandomResizedCrop where it drew that box.
 */
export function toSize(picture: Picture, size: Size, out = new Uint8Array(3 * areaOf(size))): Uint8Array {
  const [height, width] = sides(size);
  resampleToPlanes(picture, [width, height], "linear", { left: 0, top: 0, width, height }, out);
  return out;
}

/** n / 2, rounded as Python does: the offset of torchvision's centre crop. */
function halfToEven(n: number): number {
  const down = Math.floor(n / 2);
  return n % 2 !== 0 && down % 2 !== 0 ? down + 1 : down;
}
