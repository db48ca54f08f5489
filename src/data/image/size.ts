/** @file How large an image may be: larger ones are refused before they are decoded. */

export const MAX_PIXELS = 64e6;

/** @throws Error unless both sides are whole and positive, and there are at most 64 million pixels */
export function checkSize(width: number, height: number): void {
  if (!(Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0))
    throw new Error(`${width} × ${height} is no size of an image`);
  if (width * height > MAX_PIXELS) throw new Error(`${width} × ${height} is more than 64 million pixels`);
}
