/** @file Sizes of images and patches: a square's side, or height and width. */

/** In pixels: the side of a square, or height and width. */
export type Size = number | readonly [height: number, width: number];

/** Height and width. */
export const sides = (size: Size): readonly [height: number, width: number] =>
  typeof size === "number" ? [size, size] : size;

/** Pixels in all. */
export const areaOf = (size: Size): number => sides(size)[0] * sides(size)[1];

/** `24 × 40`, or `24` for a square. */
export function sizeInWords(size: Size): string {
  const [height, width] = sides(size);
  return height === width ? `${height}` : `${height} × ${width}`;
}

/** Whether both are the same height and width. */
export const sameSize = (a: Size, b: Size): boolean => sides(a).join() === sides(b).join();

/** Rows and columns that patches make of an image; nothing where they do not fill it. */
export function gridOf(imageSize: Size, patch: Size): readonly [rows: number, columns: number] | undefined {
  const [[H, W], [h, w]] = [sides(imageSize), sides(patch)];
  return H % h === 0 && W % w === 0 ? [H / h, W / w] : undefined;
}
