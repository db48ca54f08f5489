/** @file MNIST's centring of a drawn digit. */

/** Grey values in 0 … 1, row by row. */
export interface Grey {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

const SIDE = 28;
const BOX = 20;
/** Below this it is paper. */
const INK = 0.08;

/** The smallest box that holds all ink; nothing where there is none. */
function boxOf({ width, height, data }: Grey): [left: number, top: number, w: number, h: number] | undefined {
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++, i++) {
      if (data[i]! <= INK) continue;
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = y;
    }
  return right < 0 ? undefined : [left, top, right - left + 1, bottom - top + 1];
}

/**
 * What is drawn, shrunk by area into a box of 20 × 20, and put so that its centre of mass lies in the middle of 28 × 28:
 * as the digits of MNIST were made.
 */
export function centre(picture: Grey): Float32Array {
  const out = new Float32Array(SIDE * SIDE);
  const box = boxOf(picture);
  if (box === undefined) return out;
  const [, , w, h] = box;
  const scale = BOX / Math.max(w, h);
  const [columns, rows] = [w, h].map((size) => Math.max(1, Math.round(size * scale))) as [number, number];
  const small = shrink(picture, box, columns, rows);
  let [mass, mx, my] = [0, 0, 0];
  for (let y = 0, i = 0; y < rows; y++)
    for (let x = 0; x < columns; x++, i++) {
      mass += small[i]!;
      mx += small[i]! * (x + 0.5);
      my += small[i]! * (y + 0.5);
    }
  const place = (middle: number, size: number): number =>
    Math.max(0, Math.min(SIDE - size, Math.round(SIDE / 2 - middle / mass)));
  const [x0, y0] = [place(mx, columns), place(my, rows)];
  for (let y = 0; y < rows; y++)
    out.set(small.subarray(y * columns, (y + 1) * columns), (y0 + y) * SIDE + x0);
  return out;
}

/** Each new pixel is the mean of the area that it covers: along the rows, then along the columns. */
export function shrink(
  { width, data }: Grey,
  [left, top, w, h]: readonly [number, number, number, number],
  columns: number,
  rows: number,
): Float32Array {
  const across = new Float32Array(h * columns);
  for (let y = 0; y < h; y++) means(data, (top + y) * width + left, 1, w, across, y * columns, 1, columns);
  const out = new Float32Array(rows * columns);
  for (let x = 0; x < columns; x++) means(across, x, columns, h, out, x, columns, rows);
  return out;
}

/** `size` numbers from `at` on, `step` apart, as `count` means over equal lengths, which begin inside of numbers. */
function means(
  from: Float32Array,
  at: number,
  step: number,
  size: number,
  to: Float32Array,
  place: number,
  stride: number,
  count: number,
): void {
  const length = size / count;
  for (let i = 0; i < count; i++) {
    const [begin, end] = [i * length, Math.min(size, (i + 1) * length)];
    let sum = 0;
    for (let j = Math.floor(begin); j < end - 1e-9; j++)
      sum += from[at + j * step]! * (Math.min(end, j + 1) - Math.max(begin, j));
    to[place + i * stride] = sum / length;
  }
}
