/** @file True masks of images: 0/255 pictures, polygons in text files, label maps of several annotators. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, extname, join } from "node:path";
import { byCodePoint } from "../../base/file-names.ts";
import { DataError, UsageError } from "../../tensor/index.ts";
import type { Mask } from "./mask.ts";
import { readPicture } from "./picture.ts";

/** One true object, or one region of one annotator. */
export interface TrueMask {
  /** Objects of one class count as one where masks are judged by class. */
  class: number;
  mask: Mask;
  /** Pixels, where a file says so; those of the mask otherwise. */
  area?: number;
  /** Many objects in one mask, of which none is looked for. */
  crowd?: boolean;
}

/**
 * The true masks of an image: NAME.txt with a polygon per line (`class x y x y …` in shares of width and height), or
 * NAME.png, or NAME_0.png, NAME_1.png, … A picture of 0 and 255 alone is one object; another one is a label map, each
 * value of which is a region.
 *
 * @param size of the image, which the polygons are drawn at
 * @returns empty where the folder has nothing for this image
 * @throws {UsageError} no such folder; {DataError} a file that is damaged
 */
export async function readMasks(
  folder: string,
  image: string,
  size: readonly [height: number, width: number],
): Promise<TrueMask[]> {
  if (!existsSync(folder)) throw new UsageError(`${folder}: expected a folder of masks`, { path: folder });
  const name = basename(image, extname(image));
  const polygons = join(folder, `${name}.txt`);
  if (existsSync(polygons)) return parsePolygons(readFileSync(polygons, "utf8"), size, polygons);
  const pictures = readdirSync(folder).filter((file) => {
    const rest = file.startsWith(name) ? file.slice(name.length) : "";
    return /^(_\d+)?\.png$/.test(rest);
  });
  const maps = await Promise.all(
    pictures.sort(byCodePoint).map((file) => readPicture(join(folder, file), { channels: 1 })),
  );
  return maps.flatMap(({ data, width, height }, annotator) => regions(data, height, width, annotator));
}

/** A map's regions: its 255s alone where it has 0 and 255 only. Annotators' regions have classes of their own. */
export function regions(labels: Uint8Array, height: number, width: number, annotator = 0): TrueMask[] {
  const values = [...new Set(labels)].sort((a, b) => a - b);
  const binary = values.every((value) => value === 0 || value === 255);
  return values
    .filter((value) => !binary || value === 255)
    .map((value) => ({
      class: annotator * 256 + value,
      mask: { rows: height, columns: width, cells: labels.map((label) => (label === value ? 1 : 0)) },
    }));
}

/** Of a polygon's points, in sides of the image; beyond it they are no shares, but pixels. */
const FARTHEST = 4;

/** Lines `class x y x y …` to masks of a size. @throws {DataError} a line that is no polygon */
export function parsePolygons(
  text: string,
  [height, width]: readonly [height: number, width: number],
  from: string,
): TrueMask[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .flatMap((line, i) => {
      if (line === "") return [];
      const [label, ...numbers] = line.split(/\s+/).map(Number);
      const inside = numbers.every((share) => Math.abs(share) <= FARTHEST);
      if (numbers.length < 6 || numbers.length % 2 !== 0 || !Number.isInteger(label) || !inside)
        throw new DataError(
          `${from}: line ${i + 1}: expected a class and three points or more (x y each, in shares of the sides), got "${line.slice(0, 60)}"`,
          { path: from },
        );
      const points = Array.from(
        { length: numbers.length / 2 },
        (_, k): Point => [numbers[2 * k]! * width, numbers[2 * k + 1]! * height],
      );
      return [{ class: label!, mask: fillPolygon(points, height, width) }];
    });
}

export type Point = readonly [x: number, y: number];

/** The pixels whose centres lie in a polygon, by the even-odd rule. @param points in pixels */
export function fillPolygon(points: readonly Point[], height: number, width: number): Mask {
  const cells = new Uint8Array(height * width);
  // where an edge crosses a row, inside and outside change places from there on
  points.forEach(([x0, y0], i) => {
    const [x1, y1] = points[(i + 1) % points.length]!;
    const from = Math.max(0, Math.ceil(Math.min(y0, y1) - 0.5));
    const to = Math.min(height, Math.ceil(Math.max(y0, y1) - 0.5));
    for (let row = from; row < to; row++) {
      const x = x0 + ((row + 0.5 - y0) / (y1 - y0)) * (x1 - x0);
      const column = Math.max(0, Math.ceil(x - 0.5));
      if (column < width) cells[row * width + column]! ^= 1;
    }
  });
  for (let row = 0; row < height; row++)
    for (let at = row * width + 1; at < (row + 1) * width; at++) cells[at]! ^= cells[at - 1]!;
  return { rows: height, columns: width, cells };
}

/** One mask per class: the union of its objects'. */
export function byClass(masks: readonly TrueMask[]): TrueMask[] {
  const joined = new Map<number, TrueMask>();
  for (const { class: label, mask } of masks) {
    const cells = joined.get(label)?.mask.cells ?? new Uint8Array(mask.cells.length);
    mask.cells.forEach((cell, at) => {
      if (cell) cells[at] = 1;
    });
    joined.set(label, { class: label, mask: { ...mask, cells } });
  }
  return [...joined.values()];
}
