/** @file Pictures as bytes, their boxes, and their grey. */
import type { Box } from "../augment/box.ts";

/** 8-bit pixels: red, green and blue of each, or one grey value, row by row. */
export interface Picture {
  width: number;
  height: number;
  channels: 1 | 3;
  data: Uint8Array;
}

/** L = 0.299 R + 0.587 G + 0.114 B, in Pillow's 16-bit fractions. Of a grey picture, itself. */
export function toGrey(picture: Picture): Picture {
  const { width, height, channels, data } = picture;
  if (channels === 1) return picture;
  const grey = new Uint8Array(width * height);
  for (let i = 0; i < grey.length; i++) {
    const [r, g, b] = [data[3 * i]!, data[3 * i + 1]!, data[3 * i + 2]!];
    grey[i] = (19595 * r + 38470 * g + 7471 * b + 0x8000) >> 16;
  }
  return { width, height, channels: 1, data: grey };
}

/** A grey picture with three equal channels. */
export function thrice({ width, height, data }: Picture): Picture {
  const colours = new Uint8Array(3 * width * height);
  for (let i = 0; i < colours.length; i++) colours[i] = data[Math.floor(i / 3)]!;
  return { width, height, channels: 3, data: colours };
}

/** The pixels of a box; of the whole, the picture itself. */
export function cut(picture: Picture, box: Box): Picture {
  const { width, height, channels, data } = picture;
  if (box.width === width && box.height === height) return picture;
  const row = box.width * channels;
  const out = new Uint8Array(box.height * row);
  for (let y = 0; y < box.height; y++) {
    const from = ((box.top + y) * width + box.left) * channels;
    out.set(data.subarray(from, from + row), y * row);
  }
  return { width: box.width, height: box.height, channels, data: out };
}
