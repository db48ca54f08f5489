/** @file How large an image may be: larger ones are refused before they are decoded. */

import { unpackLimit } from "../../base/unpack.ts";

export const MAX_PIXELS = 64e6;

/**
 * @param each bytes of memory that decoding takes for a pixel
 * @param file the image's bytes
 * @throws Error unless both sides are whole and positive, there are at most 64 million pixels, and they take no more
 * memory than a file of its size may
 */
export function checkSize(width: number, height: number, each: number, file: Uint8Array): void {
  if (!(Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0))
    throw new Error(`${width} × ${height} is no size of an image`);
  if (width * height > MAX_PIXELS) throw new Error(`${width} × ${height} is more than 64 million pixels`);
  const [needs, may] = [each * width * height, unpackLimit(file.length)];
  if (needs > may)
    throw new Error(
      `${width} × ${height} pixels take ${mebibytes(needs)} of memory, the limit for a file of its size is ${mebibytes(may)}; if you trust it, give --unpack-limit with more MiB`,
    );
}

const mebibytes = (bytes: number): string => `${Math.floor(bytes / 2 ** 20)} MiB`;
