/** @file Pictures of patches over images: heat, masks, boxes, colours, side by side. */

import { colourMaps } from "../../chart/index.ts";
import type { Pixels } from "../../chart/pixels.ts";
import { boxOf, enlarge, type Mask, type Picture } from "../../evaluate/segment/index.ts";
import type { Grid } from "../../model/index.ts";
import { UsageError } from "../../tensor/index.ts";

type Colour = readonly [red: number, green: number, blue: number];

/** Okabe and Ito's orange, sky blue and green, for the masks of one image. */
const TONES: readonly Colour[] = [
  [230, 159, 0],
  [86, 180, 233],
  [0, 158, 115],
];

/** A picture with each pixel mixed with a colour, that of its patch; undefined leaves it. */
function mixed(
  picture: Picture,
  [rows, columns]: Grid,
  share: number,
  colour: (patch: number) => Colour | undefined,
) {
  const { width, height, channels, data } = picture;
  const out = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const at = y * width + x;
      const patch = Math.floor((y * rows) / height) * columns + Math.floor((x * columns) / width);
      const over = colour(patch);
      for (let c = 0; c < 3; c++) {
        const under = data[at * channels + (channels === 3 ? c : 0)]!;
        out[at * 3 + c] = over === undefined ? under : Math.round(share * over[c]! + (1 - share) * under);
      }
    }
  return { width, height, channels: 3 as const, data: out };
}

/** The picture itself, in colour. */
export const plain = (picture: Picture): Pixels => mixed(picture, [1, 1], 0, () => undefined);

/** Weights of patches in viridis, the largest yellow, 0 violet, over the picture. */
export function heat(picture: Picture, grid: Grid, weights: ArrayLike<number>): Pixels {
  const largest = Array.from(weights).reduce((most, weight) => Math.max(most, weight), 0) || 1;
  return mixed(picture, grid, 0.75, (patch) => colourMaps.viridis(weights[patch]! / largest));
}

/** What is outside the masks nearly black, the masks in a colour each, with a box around each where it is asked for. */
export function cutOut(picture: Picture, masks: readonly Mask[], { boxes = false } = {}): Pixels {
  const { rows, columns } = masks[0] ?? { rows: 1, columns: 1 };
  const owner = (patch: number) => masks.findIndex(({ cells }) => cells[patch] === 1);
  const dimmed = mixed(picture, [rows, columns], 0.75, (at) => (owner(at) < 0 ? [0, 0, 0] : undefined));
  const image = mixed(dimmed, [rows, columns], 0.4, (at) => TONES[owner(at) % TONES.length]);
  if (boxes) for (const [k, mask] of masks.entries()) outline(image, mask, TONES[k % TONES.length]!);
  return image;
}

function outline({ data, width, height }: Pixels, mask: Mask, colour: Colour): void {
  const box = boxOf(enlarge(mask, height, width));
  if (box === undefined) return;
  for (let y = box.top; y < box.bottom; y++)
    for (let x = box.left; x < box.right; x++) {
      const edge = Math.min(x - box.left, box.right - 1 - x, y - box.top, box.bottom - 1 - y);
      if (edge < 2) data.set(colour, (y * width + x) * 3);
    }
}

/** Patches in colours of their own. @param colours red, green and blue in [0, 1], patch by patch */
export function coloured(picture: Picture, grid: Grid, colours: ArrayLike<number>): Pixels {
  const shade = (patch: number): Colour => [
    Math.trunc(colours[3 * patch]! * 255),
    Math.trunc(colours[3 * patch + 1]! * 255),
    Math.trunc(colours[3 * patch + 2]! * 255),
  ];
  return mixed(picture, grid, 1, shade);
}

/** White pixels between two pictures. */
const GAP = 4;

/** Colour pictures of one size in rows. @throws {UsageError} none, or of different sizes */
export function inRows(pictures: readonly Pixels[], columns: number): Pixels {
  const first = pictures[0];
  if (
    first === undefined ||
    pictures.some(({ width, height }) => width !== first.width || height !== first.height)
  )
    throw new UsageError(`grid: expected pictures of one size, got ${pictures.length} of different sizes`);
  const rows = Math.ceil(pictures.length / columns);
  const width = columns * (first.width + GAP) - GAP;
  const height = rows * (first.height + GAP) - GAP;
  const data = new Uint8Array(width * height * 3).fill(255);
  pictures.forEach((picture, i) => {
    const left = (i % columns) * (first.width + GAP);
    const top = Math.floor(i / columns) * (first.height + GAP);
    for (let y = 0; y < first.height; y++) {
      const line = picture.data.subarray(y * first.width * 3, (y + 1) * first.width * 3);
      data.set(line, ((top + y) * width + left) * 3);
    }
  });
  return { data, width, height, channels: 3 };
}
