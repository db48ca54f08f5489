/** @file What libvips leaves out of a GIF: the colours of pixels that are transparent. */
import { unpackLimit } from "../../base/unpack.ts";
import type { Picture } from "./picture.ts";

/** A GIF whose first frame has no transparent pixels, where that frame lies, and the colour around it. */
export interface Opaque {
  bytes: Uint8Array;
  frame: { left: number; top: number; width: number; height: number };
  colour: readonly number[];
}

export const isGif = (bytes: Uint8Array): boolean =>
  bytes[0] === 0x47 && bytes[1] === 0x49 && bytes[2] === 0x46 && bytes[3] === 0x38; // "GIF8"

/**
 * Takes the mark of transparency from the first frame: its pixels then show the palette's colour of that index, as
 * Pillow has them once alpha is dropped. What lies outside the frame has that colour too, or the palette's first.
 * @throws Error where the frame reaches so far beyond the screen that few bytes would take much memory
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
  const u16 = (i: number): number => (bytes[at + i] ?? 0) + 256 * (bytes[at + i + 1] ?? 0);
  const frame = { left: u16(1), top: u16(3), width: u16(5), height: u16(7) };
  refuseFar(bytes, frame);
  if ((bytes[at + 9] ?? 0) & 0x80) palette = at + 10;
  const colour = [0, 1, 2].map((c) => (palette === undefined ? 0 : (bytes[palette + 3 * index + c] ?? 0)));
  return { bytes: out, frame, colour };
}

/** A screen grows to its first frame: a few bytes must not say that it is huge. */
function refuseFar(bytes: Uint8Array, { left, top, width, height }: Opaque["frame"]): void {
  const screen = [6, 8].map((at) => (bytes[at] ?? 0) + 256 * (bytes[at + 1] ?? 0)) as [number, number];
  const [right, bottom] = [Math.max(screen[0], left + width), Math.max(screen[1], top + height)];
  if (right * bottom > screen[0] * screen[1] && 4 * right * bottom > unpackLimit(bytes.length))
    throw new Error(
      `its first frame reaches to ${right} × ${bottom}, beyond its screen of ${screen.join(" × ")}`,
    );
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
