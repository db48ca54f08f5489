/** @file Half precision: 1 bit of sign, 5 of exponent, 10 of fraction. */

const single = new Float32Array(1);
const bits = new Uint32Array(single.buffer);

/** The nearest half, ties to even; what is too large becomes infinite. */
export function toHalf(x: number): number {
  single[0] = x;
  const b = bits[0]!;
  const sign = (b >>> 16) & 0x8000;
  const magnitude = b & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00; //                          NaN
  if (magnitude >= 0x477ff000) return sign | 0x7c00; //                         rounds beyond 65504
  if (magnitude < 0x38800000) return sign | subnormal(magnitude);
  const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
  return sign | ((rounded - 0x38000000) >>> 13);
}

/** Below 2⁻¹⁴ halves are multiples of 2⁻²⁴. */
function subnormal(magnitude: number): number {
  bits[0] = magnitude;
  const scaled = single[0]! * 2 ** 24;
  const low = Math.floor(scaled);
  const rest = scaled - low;
  return rest > 0.5 || (rest === 0.5 && low % 2 === 1) ? low + 1 : low;
}

/** Every half as a number, made when the first is asked for. */
let table: Float32Array | undefined;

export function fromHalf(half: number): number {
  table ??= Float32Array.from({ length: 2 ** 16 }, (_, bits) => decoded(bits));
  return table[half]!;
}

function decoded(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >>> 10) & 31;
  const fraction = half & 0x3ff;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
