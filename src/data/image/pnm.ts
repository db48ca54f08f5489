/** @file Netpbm's bitmaps, grey maps and pixel maps (.pbm, .pgm, .ppm), which libvips here does not read. */
import type { Picture } from "./picture.ts";
import { checkSize } from "./size.ts";

/** "P1" to "P6", and white space or a comment after it. */
export const isPnm = (bytes: Uint8Array): boolean =>
  bytes[0] === 0x50 && bytes[1]! >= 0x31 && bytes[1]! <= 0x36 && (isSpace(bytes[2]) || bytes[2] === HASH);

const HASH = 0x23;

const isSpace = (byte: number | undefined): boolean => byte === 32 || (byte! >= 9 && byte! <= 13);

/**
 * RGB of such a file: values v of 0 … m become v / m · 255, rounded; of grey above 255 the high byte of v / m · 65535,
 * as for other 16-bit grey.
 * @throws Error with the reason where it is cut, or no such file
 */
export function readPnm(bytes: Uint8Array): Picture {
  const kind = bytes[1]! - 0x30;
  const plain = kind <= 3;
  const bitmap = kind === 1 || kind === 4;
  const text = new Tokens(bytes, 2);
  const [width, height] = [text.number(), text.number()];
  const channels = kind === 3 || kind === 6 ? 3 : 1;
  checkSize(width, height, 8 * channels + 3, bytes);
  const most = bitmap ? 1 : text.number();
  if (most < 1 || most > 65535) throw new Error(`a greatest value of ${most}, expected 1 to 65535`);
  const count = width * height * channels;
  const values = plain
    ? Float64Array.from({ length: count }, () => (bitmap ? text.bit() : text.number()))
    : binary(bytes, text.at + 1, { width, height, count, most, bitmap });
  const data = new Uint8Array(3 * width * height);
  for (let i = 0; i < data.length; i++) {
    const value = values[channels === 3 ? i : Math.floor(i / 3)]!;
    if (plain && value > most) throw new Error(`a value of ${value}, expected 0 to ${most}`);
    const share = Math.min(1, value / most);
    if (bitmap) data[i] = value === 0 ? 255 : 0;
    else data[i] = channels === 1 && most > 255 ? halfToEven(share * 65535) >> 8 : halfToEven(share * 255);
  }
  return { width, height, channels: 3, data };
}

/** The nearest whole number; of two, the even one. */
function halfToEven(x: number): number {
  const down = Math.floor(x);
  return x - down === 0.5 ? down + (down % 2) : Math.round(x);
}

interface Binary {
  width: number;
  height: number;
  count: number;
  most: number;
  bitmap: boolean;
}

/** The values after the header: a bit, a byte, or two bytes each. */
function binary(bytes: Uint8Array, from: number, { width, height, count, most, bitmap }: Binary) {
  const stride = Math.ceil(width / 8);
  const wide = most > 255 ? 2 : 1;
  const length = bitmap ? stride * height : count * wide;
  if (from + length > bytes.length) throw new Error(`cut at byte ${bytes.length}, expected ${from + length}`);
  const at = (i: number): number => {
    if (bitmap)
      return (
        (bytes[from + Math.floor(i / width) * stride + ((i % width) >> 3)]! >> (7 - ((i % width) % 8))) & 1
      );
    return wide === 1 ? bytes[from + i]! : 256 * bytes[from + 2 * i]! + bytes[from + 2 * i + 1]!;
  };
  return Float64Array.from({ length: count }, (_, i) => at(i));
}

/** Numbers between white space and comments. */
class Tokens {
  constructor(
    private readonly bytes: Uint8Array,
    /** The byte after what was read. */
    public at: number,
  ) {}

  private skip(): void {
    for (;;) {
      if (isSpace(this.bytes[this.at])) this.at++;
      else if (this.bytes[this.at] === HASH)
        while (this.at < this.bytes.length && ![10, 13].includes(this.bytes[this.at]!)) this.at++;
      else return;
    }
  }

  private digit(): number | undefined {
    const value = (this.bytes[this.at] ?? 0) - 0x30;
    if (value < 0 || value > 9) return undefined;
    this.at++;
    return value;
  }

  number(): number {
    this.skip();
    let value = this.digit();
    for (let next = this.digit(); value !== undefined && next !== undefined; next = this.digit())
      value = 10 * value + next;
    if (value !== undefined && value < 1e9) return value;
    throw new Error(`no number at byte ${this.at}`);
  }

  /** Of a plain bitmap, whose bits may stand without space. */
  bit(): number {
    this.skip();
    const value = this.digit();
    if (value === 0 || value === 1) return value;
    throw new Error(`no bit at byte ${this.at}`);
  }
}
