/** @file Windows bitmaps, which libvips does not read: palettes, 16 to 32 bits, bit fields, run lengths. */
import type { Picture } from "./picture.ts";
import { checkSize } from "./size.ts";

const RAW = 0;
const RLE8 = 1;
const RLE4 = 2;
const FIELDS = 3;

interface Header {
  width: number;
  height: number;
  /** Whether the first row of the file is the uppermost. */
  down: boolean;
  bits: number;
  compression: number;
  /** Red, green and blue as bits of a pixel's number. */
  masks: readonly number[];
  /** Where the palette begins, and the bytes of a colour in it. */
  palette: number;
  entry: 3 | 4;
  /** Where the pixels begin. */
  pixels: number;
}

export const isBmp = (bytes: Uint8Array): boolean => bytes[0] === 0x42 && bytes[1] === 0x4d; // "BM"

/** RGB of a bitmap; alpha is left out. @throws Error with the reason where it is cut, or of a rare kind */
export function readBmp(bytes: Uint8Array): Picture {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = headerOf(view);
  const { width, height, bits, compression } = header;
  checkSize(width, height, 4, bytes);
  const data = new Uint8Array(3 * width * height);
  if (bits > 8) readColours(view, header, data);
  else {
    const indices = compression === RAW ? readIndices(bytes, header) : readRuns(bytes, header);
    const colours = bytes.subarray(header.palette, Math.max(header.palette, header.pixels));
    for (let i = 0; i < indices.length; i++)
      for (let c = 0; c < 3; c++) data[3 * i + c] = colours[indices[i]! * header.entry + 2 - c] ?? 0;
  }
  return { width, height, channels: 3, data };
}

function headerOf(view: DataView): Header {
  const u16 = (at: number) => view.getUint16(need(view, at, 2), true);
  const u32 = (at: number) => view.getUint32(need(view, at, 4), true);
  const size = u32(14);
  const pixels = u32(10);
  const palette = 14 + size;
  if (size === 12) {
    const [width, height, bits] = [u16(18), u16(20), u16(24)];
    return check({
      ...{ width, height, down: false, bits, compression: RAW, masks: masksOf(bits) },
      ...{ palette, entry: 3, pixels },
    });
  }
  if (![40, 52, 56, 64, 108, 124].includes(size)) throw new Error(`a bitmap header of ${size} bytes`);
  const height = view.getInt32(need(view, 22, 4), true);
  const [bits, compression] = [u16(28), u32(30)];
  const masks = compression === FIELDS ? [u32(54), u32(58), u32(62)] : masksOf(bits);
  return check({
    ...{ width: u32(18), height: Math.abs(height), down: height < 0, bits, compression },
    ...{ masks: masks.every((mask) => mask === 0) ? masksOf(bits) : masks, palette, entry: 4, pixels },
  });
}

/** The usual places of red, green and blue: 5 bits each of 16, bytes of 24 and 32. */
const masksOf = (bits: number): number[] => (bits === 16 ? [0x7c00, 0x3e0, 0x1f] : [0xff0000, 0xff00, 0xff]);

function check(header: Header): Header {
  const { bits, compression } = header;
  const known: Record<number, readonly number[]> = { [RAW]: [1, 4, 8, 16, 24, 32], [FIELDS]: [16, 24, 32] };
  const fits = { ...known, [RLE8]: [8], [RLE4]: [4] }[compression]?.includes(bits);
  if (!fits) throw new Error(`a bitmap of ${bits} bits with compression ${compression}`);
  return header;
}

/** Bytes of a row, filled up to four. */
const strideOf = ({ width, bits }: Header): number => 4 * Math.ceil((width * bits) / 32);

/** The row of the picture that the file's row `y` is. */
const rowOf = ({ height, down }: Header, y: number): number => (down ? y : height - 1 - y);

function readColours(view: DataView, header: Header, data: Uint8Array): void {
  const { width, height, bits, masks, pixels } = header;
  const fields = masks.map((mask) => {
    const low = 31 - Math.clz32(mask & -mask);
    return { mask, low, most: mask === 0 ? 1 : mask >>> low };
  });
  const stride = strideOf(header);
  need(view, pixels, stride * height);
  const bytes = bits / 8;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const at = pixels + y * stride + x * bytes;
      let pixel = view.getUint16(at, true);
      if (bytes >= 3) pixel |= view.getUint8(at + 2) << 16;
      if (bytes === 4) pixel |= view.getUint8(at + 3) << 24;
      const to = 3 * (rowOf(header, y) * width + x);
      fields.forEach(({ mask, low, most }, c) => {
        data[to + c] = Math.trunc((((pixel & mask) >>> low) * 255) / most);
      });
    }
}

function readIndices(bytes: Uint8Array, header: Header): Uint8Array {
  const { width, height, bits, pixels } = header;
  const stride = strideOf(header);
  need(bytes, pixels, stride * height);
  const found = new Uint8Array(width * height);
  const perByte = 8 / bits;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const byte = bytes[pixels + y * stride + Math.floor(x / perByte)]!;
      const shift = 8 - bits * ((x % perByte) + 1);
      found[rowOf(header, y) * width + x] = (byte >> shift) & ((1 << bits) - 1);
    }
  return found;
}

/** Run lengths: (n, index) is n pixels; (0, 0), (0, 1), (0, 2) end a row, the picture, or move; (0, n) is n as they are. */
function readRuns(bytes: Uint8Array, header: Header): Uint8Array {
  const { width, height, compression } = header;
  const found = new Uint8Array(width * height);
  const half = compression === RLE4;
  let [at, x, y] = [header.pixels, 0, 0];
  const put = (index: number): void => {
    if (x < width && y < height) found[rowOf(header, y) * width + x] = index;
    x++;
  };
  const nibble = (byte: number, i: number): number => (half ? (i % 2 === 0 ? byte >> 4 : byte & 15) : byte);
  while (y < height) {
    need(bytes, at, 2);
    const [count, value] = [bytes[at]!, bytes[at + 1]!];
    at += 2;
    if (count > 0) for (let i = 0; i < count; i++) put(nibble(value, i));
    else if (value === 0) [x, y] = [0, y + 1];
    else if (value === 1) break;
    else if (value === 2) {
      need(bytes, at, 2);
      x += bytes[at]!;
      y += bytes[at + 1]!;
      at += 2;
    } else {
      const length = half ? Math.ceil(value / 2) : value;
      need(bytes, at, length);
      for (let i = 0; i < value; i++) put(nibble(bytes[at + (half ? i >> 1 : i)]!, i));
      at += length + (length % 2);
    }
  }
  return found;
}

/** @returns `at` @throws Error where the file ends before `at` + `count` */
function need({ byteLength }: { byteLength: number }, at: number, count: number): number {
  if (at + count > byteLength) throw new Error(`a bitmap cut at byte ${byteLength}, expected ${at + count}`);
  return at;
}
