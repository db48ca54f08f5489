/** @file One image file to a square: the evaluation transform of ImageNet, resize and centre crop. */
import { readFile } from "node:fs/promises";
import { readImage } from "./read.ts";
import { type Kernel, resample } from "./resample.ts";

/** How an image is resized before its central square is cut out. */
export interface Resizing {
  /** Pixels of the shorter side; round(size · 256 / 224) when left out. */
  short?: number;
  /** Bilinear ("linear") unless said otherwise; all with anti-aliasing. */
  kernel?: Kernel;
}

/** Width and height with the shorter side brought to `short`, as torchvision's Resize does. */
export function resizedTo(
  width: number,
  height: number,
  size: number,
  short = Math.round((size * 256) / 224),
): [width: number, height: number] {
  return width <= height
    ? [short, Math.trunc((short * height) / width)]
    : [Math.trunc((short * width) / height), short];
}

/**
 * Decodes an image into RGB bytes [3, size, size]: shorter side to round(size · 256 / 224) and bilinear
 * unless `resizing` says otherwise, with anti-aliasing, then the central square.
 * The bytes are those of torchvision's Resize and CenterCrop on a file that Pillow opened as RGB.
 * @throws Error with the reason when the file is no whole image of a format that is read, or above 64 million pixels
 */
export async function decodeImage(path: string, size: number, resizing: Resizing = {}): Promise<Uint8Array> {
  const { short, kernel = "linear" } = resizing;
  // bytes, not the path: libvips would read options in brackets out of a file name
  const image = await readImage(await readFile(path));
  const [w, h] = resizedTo(image.width, image.height, size, short);
  const square = { left: halfToEven(w - size), top: halfToEven(h - size), width: size, height: size };
  return planes(resample(image, w, h, kernel, square).data, size * size);
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
