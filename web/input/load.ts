/** @file A file that was dropped, pasted or chosen, as pixels; refused by its header before it takes memory. */

import { pictureSize } from "./picture-size.ts";

const MOST_BYTES = 64 * 2 ** 20;
/** 8,000 × 8,000 takes 256 MB. */
const MOST_PIXELS = 64e6;

/** Pixels in 0 … 1: red, green, blue by turns. */
export interface Colours {
  readonly width: number;
  readonly height: number;
  /** [height, width, 4], 0 … 255 */
  readonly data: Uint8ClampedArray;
}

/** @throws {Error} no picture, or one that is too large: what was given, what is expected */
export async function loadPicture(file: Blob, name: string, largestSide = 2048): Promise<Colours> {
  if (file.size > MOST_BYTES)
    throw new Error(
      `${name} has ${megabytes(file.size)}; expected a picture of at most ${megabytes(MOST_BYTES)}.`,
    );
  const bytes = new Uint8Array(await file.arrayBuffer());
  const size = pictureSize(bytes);
  if (size === undefined || !(size.width >= 1 && size.height >= 1))
    throw new Error(`${name} is no picture; expected PNG, JPEG, GIF, WebP or BMP.`);
  const { type, width, height } = size;
  if (width * height > MOST_PIXELS)
    throw new Error(
      `${name} has ${width.toLocaleString("en")} × ${height.toLocaleString("en")} pixels; expected at most ${MOST_PIXELS / 1e6} million. Make it smaller first.`,
    );
  const scale = Math.min(1, largestSide / Math.max(width, height));
  let bitmap: ImageBitmap;
  try {
    // as stored: a colour profile or a turn would make other numbers than training had
    bitmap = await createImageBitmap(new Blob([bytes]), {
      colorSpaceConversion: "none",
      ...(scale < 1 && {
        resizeWidth: Math.max(1, Math.round(width * scale)),
        resizeHeight: Math.max(1, Math.round(height * scale)),
        resizeQuality: "high",
      }),
    });
  } catch (cause) {
    throw new Error(`${name} is a damaged ${type}; the browser cannot decode it.`, { cause });
  }
  try {
    return pixelsOf(bitmap);
  } finally {
    bitmap.close();
  }
}

const megabytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`;

/** On white where it is transparent. */
function pixelsOf(bitmap: ImageBitmap): Colours {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [bitmap.width, bitmap.height];
  const context = canvas.getContext("2d", { willReadFrequently: true })!;
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(bitmap, 0, 0);
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

/** Sprites: pictures of equal width side by side. */
export function cut({ width, height, data }: Colours, count: number): Colours[] {
  const each = width / count;
  return Array.from({ length: count }, (_, i) => {
    const own = new Uint8ClampedArray(each * height * 4);
    for (let y = 0; y < height; y++) {
      const from = (y * width + i * each) * 4;
      own.set(data.subarray(from, from + each * 4), y * each * 4);
    }
    return { width: each, height, data: own };
  });
}
