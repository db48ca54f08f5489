/** @file Images side by side as pixels, and pixels as a PNG file. */

import sharp from "sharp";
import { writeFileAtomic } from "../base/write-file.ts";
import { scope, type Tensor, UsageError } from "../tensor/index.ts";

/** Pixels of a picture, row by row, channel by channel within a pixel. */
export interface Pixels {
  data: Uint8Array;
  width: number;
  height: number;
  channels: 1 | 3;
}

/** Pixels between two images of a grid. */
const GAP = 2;

/**
 * Images side by side.
 * @param images [rows, columns, c, H, W] in [−1, 1], one or three channels
 * @param options.enlarge each pixel as a square of so many
 */
export function gridPixels(images: Tensor, { enlarge = 2 }: { enlarge?: number } = {}): Pixels {
  const [rows, columns, channels, H, W] = images.shape as [number, number, number, number, number];
  if (images.dim !== 5 || (channels !== 1 && channels !== 3))
    throw new UsageError(`grid: expected images [rows, columns, 1 or 3, H, W], got ${images.describe()}`);
  const bytes = scope(() =>
    images.detach().to("float32").add(1).mul(127.5).round().clamp(0, 255).to("uint8").to("cpu").data(),
  ) as Uint8Array;
  const [width, height] = [columns * (W * enlarge + GAP) - GAP, rows * (H * enlarge + GAP) - GAP];
  const data = new Uint8Array(width * height * channels).fill(255);
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < columns; c++)
      for (let k = 0; k < channels; k++)
        for (let y = 0; y < H * enlarge; y++)
          for (let x = 0; x < W * enlarge; x++) {
            const from =
              (((r * columns + c) * channels + k) * H + Math.floor(y / enlarge)) * W +
              Math.floor(x / enlarge);
            const row = r * (H * enlarge + GAP) + y;
            const column = c * (W * enlarge + GAP) + x;
            data[(row * width + column) * channels + k] = bytes[from]!;
          }
  return { data, width, height, channels };
}

/** Writes pixels as a PNG file. @throws {DiskError} */
export async function writePng(path: string, { data, width, height, channels }: Pixels): Promise<void> {
  writeFileAtomic(path, [await sharp(data, { raw: { width, height, channels } }).png().toBuffer()]);
}
