/** @file One image file to bytes: the evaluation transform of ImageNet, resize and centre crop. */
import { readFile } from "node:fs/promises";
import sharp from "sharp";

/** Larger images are refused before they are decoded. */
const MAX_PIXELS = 64e6;
const FORMATS = ["jpeg", "png", "webp", "gif"];

// the process has one libvips: one thread an image, and no loader for formats that embed programs or other codecs
sharp.concurrency(1);
sharp.cache(false);
sharp.block({
  operation: ["VipsForeignLoadSvg", "VipsForeignLoadPdf", "VipsForeignLoadHeif", "VipsForeignLoadMagick"],
});

/** How an image is resized before its central square is cut out. */
export interface Resizing {
  /** Pixels of the shorter side; round(size · 256 / 224) when left out. */
  short?: number;
  /** Bilinear ("linear") unless said otherwise; both with anti-aliasing. */
  kernel?: "linear" | "cubic";
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
 * unless `resizing` says otherwise, with anti-aliasing, then the central square. Grey, palette, CMYK and 16-bit images become 8-bit sRGB, alpha is dropped,
 * of an animation the first frame counts, and the EXIF orientation is ignored (as PIL does).
 * @throws Error with the reason when the file is not a whole JPEG, PNG, WebP or GIF of at most 64 million pixels
 */
export async function decodeImage(path: string, size: number, resizing: Resizing = {}): Promise<Uint8Array> {
  const { short, kernel = "linear" } = resizing;
  // bytes, not the path: libvips would read options in brackets out of a file name
  const bytes = await readFile(path);
  if (bytes.length === 0) throw new Error("the file is empty");
  const options = { limitInputPixels: MAX_PIXELS, failOn: "error" } as const;
  const { format, width, height, hasAlpha } = await sharp(bytes, options).metadata();
  if (!FORMATS.includes(format)) throw new Error(`the format is ${format}, expected ${FORMATS.join(", ")}`);
  if (width * height > MAX_PIXELS) throw new Error(`${width} × ${height} is more than 64 million pixels`);
  const [w, h] = resizedTo(width, height, size, short);
  if (w * h > MAX_PIXELS) throw new Error(`${width} × ${height} is too long and narrow`);

  let image = sharp(bytes, options);
  if (hasAlpha) {
    // first without alpha: the resize would weigh the colours by it
    const { data, info } = await image
      .toColourspace("srgb")
      .removeAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true });
    image = sharp(data, { raw: { width: info.width, height: info.height, channels: info.channels } });
  }
  const { data, info } = await image
    .toColourspace("srgb")
    .resize(w, h, { fit: "fill", kernel, fastShrinkOnLoad: false })
    .extract({ left: halfToEven(w - size), top: halfToEven(h - size), width: size, height: size })
    .raw({ depth: "uchar" })
    .toBuffer({ resolveWithObject: true });
  return planes(data, info.channels, size * size);
}

/** n / 2, rounded as Python does: the offset of torchvision's centre crop. */
function halfToEven(n: number): number {
  const down = Math.floor(n / 2);
  return n % 2 !== 0 && down % 2 !== 0 ? down + 1 : down;
}

/** [pixels, channels] → [3, pixels]; a single channel becomes all three. */
function planes(data: Uint8Array, channels: number, pixels: number): Uint8Array {
  const out = new Uint8Array(3 * pixels);
  for (let c = 0; c < 3; c++) {
    const from = channels >= 3 ? c : 0;
    for (let i = 0; i < pixels; i++) out[c * pixels + i] = data[i * channels + from]!;
  }
  return out;
}
