/** @file One image file to a size: the evaluation transform of ImageNet, resize and centre crop. */
import { readFile } from "node:fs/promises";
import { type Size, sides } from "../../base/size.ts";
import { readImage } from "./read.ts";
import { type Kernel, resample } from "./resample.ts";

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
 * Decodes an image into RGB bytes [3, height, width]: resized to cover round(size · 256 / 224) and bilinear
 * unless `resizing` says otherwise, with anti-aliasing, then the centre.
 * The bytes are those of torchvision's Resize and CenterCrop on a file that Pillow opened as RGB.
 * @throws Error with the reason when the file is no whole image of a format that is read, or above 64 million pixels
 */
export async function decodeImage(path: string, size: Size, resizing: Resizing = {}): Promise<Uint8Array> {
  const { short, kernel = "linear" } = resizing;
  // bytes, not the path: libvips would read options in brackets out of a file name
  const image = await readImage(await readFile(path));
  const [w, h] = resizedTo(image.width, image.height, size, short);
  const [height, width] = sides(size);
  const centre = { left: halfToEven(w - width), top: halfToEven(h - height), width, height };
  return planes(resample(image, w, h, kernel, centre).data, width * height);
}

/** n / 2, rounded as Python does: the offset of torchvision's centre crop. */
function halfToEven(n: number): number {
  const down = Math.floor(n / 2);
  return n % 2 !== 0 && down % 2 !== 0 ? down + 1 : down;
}

/** [pixels, 3] → [3, pixels] */
function planes(data: Uint8Array, pixels: number): Uint8Array {
  const out = new Uint8Array(3 * pixels);
  for (let c = 0; c < 3; c++) for (let i = 0; i < pixels; i++) out[c * pixels + i] = data[i * 3 + c]!;
  return out;
}
