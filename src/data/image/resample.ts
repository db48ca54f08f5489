/** @file Pictures at another size, to the byte as Pillow has them: what torchvision does to a file's images. */
import { native } from "../../tensor/native.ts";
import { type Picture, thrice, toGrey } from "./picture.ts";

/** Bilinear, bicubic (a = −½) or Lanczos of three lobes. */
export type Kernel = "linear" | "cubic" | "lanczos";

/** A rectangle of a picture, in pixels. */
export interface Window {
  left: number;
  top: number;
  width: number;
  height: number;
}

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));

const KERNELS: Record<Kernel, { reach: number; weight: (x: number) => number }> = {
  linear: { reach: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  cubic: {
    reach: 2,
    weight: (x) => {
      const r = Math.abs(x);
      if (r < 1) return (1.5 * r - 2.5) * r * r + 1;
      return r < 2 ? ((-0.5 * r + 2.5) * r - 4) * r + 2 : 0;
    },
  },
  lanczos: { reach: 3, weight: (x) => (Math.abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0) },
};

/** Weights are whole multiples of 2⁻²², so that every machine rounds alike. */
const BITS = 22;

/** For each place of the output: the first place of the input that it takes, how many, and their weights. */
interface Taps {
  first: Int32Array;
  count: Int32Array;
  /** [places, most] */
  weights: Int32Array;
  most: number;
}

/**
 * The weights of places `from` … `from + places − 1` of `size`, out of `old`. With s = old / size and f = max(s, 1),
 * place j stands at c = (j + ½) s, and the input's place i weighs k((i + ½ − c) / f), divided by the sum over all i
 * within reach: a kernel as wide as an output's pixel where the picture shrinks, and as an input's where it grows.
 */
function taps(old: number, size: number, kernel: Kernel, from: number, places: number): Taps {
  const { reach, weight } = KERNELS[kernel];
  const scale = old / size;
  const wide = Math.max(scale, 1);
  const most = 2 * Math.ceil(reach * wide) + 1;
  const found = {
    ...{ first: new Int32Array(places), count: new Int32Array(places) },
    ...{ weights: new Int32Array(places * most), most },
  };
  const row = new Float64Array(most);
  for (let j = 0; j < places; j++) {
    const centre = (from + j + 0.5) * scale;
    const low = Math.max(0, Math.trunc(centre - reach * wide + 0.5));
    const high = Math.min(old, Math.trunc(centre + reach * wide + 0.5));
    let sum = 0;
    for (let k = 0; k < high - low; k++) sum += row[k] = weight((low + k - centre + 0.5) / wide);
    found.first[j] = low;
    found.count[j] = high - low;
    for (let k = 0; k < high - low; k++) {
      const scaled = (row[k]! / sum) * 2 ** BITS;
      found.weights[j * most + k] = Math.trunc(scaled + (scaled < 0 ? -0.5 : 0.5));
    }
  }
  return found;
}

/**
 * A picture at `width` × `height`, first across and then down, each rounded to bytes.
 * @param window the part of the result that is wanted; the whole unless given
 */
export function resample(
  picture: Picture,
  width: number,
  height: number,
  kernel: Kernel,
  window: Window = { left: 0, top: 0, width, height },
): Picture {
  const data = new Uint8Array(3 * window.width * window.height);
  fill(data, picture, [width, height], kernel, window, false);
  const colours: Picture = { width: window.width, height: window.height, channels: 3, data };
  return picture.channels === 1 ? toGrey(colours) : colours;
}

/** The same as bytes [3, window.height, window.width]. */
export function resampleToPlanes(
  picture: Picture,
  size: readonly [width: number, height: number],
  kernel: Kernel,
  window: Window,
  out: Uint8Array,
): void {
  fill(out, picture, size, kernel, window, true);
}

function fill(
  out: Uint8Array,
  picture: Picture,
  [width, height]: readonly [width: number, height: number],
  kernel: Kernel,
  window: Window,
  planar: boolean,
): void {
  const colours = picture.channels === 1 ? thrice(picture) : picture;
  const across = taps(colours.width, width, kernel, window.left, window.width);
  const down = taps(colours.height, height, kernel, window.top, window.height);
  // only the rows that are looked at
  const top = down.first[0] ?? 0;
  const bottom = (down.first.at(-1) ?? 0) + (down.count.at(-1) ?? 0);
  native().resample(
    colours.data.subarray(3 * top * colours.width, 3 * bottom * colours.width),
    [bottom - top, colours.width, window.height, down.most, window.width, across.most],
    down.first.map((at) => at - top),
    down.count,
    down.weights,
    across.first,
    across.count,
    across.weights,
    planar,
    out,
  );
}
