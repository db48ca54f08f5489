/** @file What libvips leaves out of a GIF: the colours of pixels that are transparent. */
import type { Picture } from "./picture.ts";
import { checkSize } from "./size.ts";

/** A GIF whose first frame has no transparent pixels, where that frame lies, and the colour around it. */
export interface Opaque {
  bytes: Uint8Array;
  frame: { left: number; top: number; width: number; height: number };
  colour: readonly number[];
}

/** What a pixel takes: RGBA that libvips keeps, RGBA that it gives, and RGB. */
const BYTES_EACH = 4 + 4 + 3;

export const isGif = (bytes: Uint8Array): boolean =>
  bytes[0] === 0x47 && bytes[1] === 0x49 && bytes[2] === 0x46 && bytes[3] === 0x38; // "GIF8"

/**
 * Takes the mark of transparency from the first frame: its pixels then show the palette's colour of that index, as
 * Pillow has them once alpha is dropped. What lies outside the frame has that colour too, or the palette's first.
 * @throws Error where the screen, which grows to its first frame, is too large
 */
export function withoutTransparency(bytes: Uint8Array): Opaque {
  const flags = bytes[10] ?? 0;
  let palette = flags & 0x80 ? 13 : undefined;
  let at = 13 + (flags & 0x80 ? 3 << ((flags & 7) + 1) : 0);
  let out = bytes;
  let index = 0;
  while (bytes[at] === 0x21) {
    if (bytes[at + 1] === 0xf9 && bytes[at + 3]! & 1) {
      out = Uint8Array.from(bytes);
      out[at + 3]! &= ~1;
      index = bytes[at + 6] ?? 0;
    }
    at += 2;
    while (bytes[at]) at += bytes[at]! + 1;
    at++;
  }
  const u16 = (i: number): number => (bytes[i] ?? 0) + 256 * (bytes[i + 1] ?? 0);
  const frame = { left: u16(at + 1), top: u16(at + 3), width: u16(at + 5), height: u16(at + 7) };
  const [right, bottom] = [frame.left + frame.width, frame.top + frame.height];
  checkSize(Math.max(u16(6), right), Math.max(u16(8), bottom), BYTES_EACH, bytes);
  if ((bytes[at + 9] ?? 0) & 0x80) palette = at + 10;
  const colour = [0, 1, 2].map((c) => (palette === undefined ? 0 : (bytes[palette + 3 * index + c] ?? 0)));
  return { bytes: out, frame, colour };
}

/** Gives the pixels outside a rectangle one colour. */
export function fillAround(
  { width, height, data }: Picture,
  { left, top, ...size }: Opaque["frame"],
  colour: readonly number[],
): void {
  for (let y = 0; y < height; y++) {
    const beside = y >= top && y < top + size.height;
    for (let x = 0; x < width; x++)
      if (!beside || x < left || x >= left + size.width) data.set(colour, 3 * (y * width + x));
  }
}
