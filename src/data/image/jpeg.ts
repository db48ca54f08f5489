/** @file JPEGs: what the header says, which libvips opens a file twice to be asked, and boxes of them by libjpeg-turbo. */
import { native } from "../../tensor/native.ts";
import type { Box } from "../augment/box.ts";
import type { Picture } from "./picture.ts";

/** Of a frame of 8-bit grey or of three colours. */
export interface JpegHeader {
  width: number;
  height: number;
  channels: 1 | 3;
  progressive: boolean;
}

const BASELINE = 0xc0;
const EXTENDED = 0xc1;
const PROGRESSIVE = 0xc2;

/** Nothing where it is no JPEG, or one of a rarer kind. */
export function jpegHeader(bytes: Uint8Array): JpegHeader | undefined {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return undefined;
  const u16 = (at: number): number => (bytes[at]! << 8) | bytes[at + 1]!;
  for (let at = 2; at + 10 < bytes.length && bytes[at] === 0xff; at += 2 + u16(at + 2)) {
    const marker = bytes[at + 1]!;
    if (marker >= 0xe0 || marker === 0xdb || marker === 0xc4 || marker === 0xdd) continue; // said of other things
    if (![BASELINE, EXTENDED, PROGRESSIVE].includes(marker)) return undefined;
    const [depth, height, width, channels] = [bytes[at + 4]!, u16(at + 5), u16(at + 7), bytes[at + 9]!];
    if (depth !== 8 || (channels !== 1 && channels !== 3)) return undefined;
    return { width, height, channels, progressive: marker === PROGRESSIVE };
  }
  return undefined;
}

/**
 * A box of a JPEG with the bytes that libvips gives the whole, sooner: outside of the box codes are read, and no colours made.
 * Nothing where set-up found no libjpeg-turbo, where the file is damaged anywhere, and where it is progressive, so that all of
 * it has to be kept.
 */
export function jpegBox(
  bytes: Uint8Array,
  { width, height, progressive }: JpegHeader,
  box: Box,
): Picture | undefined {
  const { decodeJpeg } = native();
  if (decodeJpeg === undefined || progressive) return undefined;
  const data = new Uint8Array(3 * box.width * box.height);
  const sizes = [width, height, box.left, box.top, box.width, box.height] as const;
  return decodeJpeg(bytes, sizes, data)
    ? { width: box.width, height: box.height, channels: 3, data }
    : undefined;
}
