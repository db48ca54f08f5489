/** @file The endings of image files that are read; apart from the reader, so that a list of files loads no decoder. */

/** torchvision's, and those of GIF and Netpbm. */
export const ENDINGS = [
  ...[".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp"],
  ...[".gif", ".pbm", ".pnm"],
];
