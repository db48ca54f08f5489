/** @file True masks from a COCO file of instances: polygons, run lengths, crowds. */

import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { z } from "zod";
import { DataError } from "../../tensor/index.ts";
import { fillPolygon, type Point, type TrueMask } from "./ground-truth.ts";
import type { Mask } from "./mask.ts";

/** Pixels of a side; JPEG has no more. */
const side = z.int().min(1).max(65_535);
/** A place in pixels, which may lie outside the image. */
const place = z.number().min(-1e6).max(1e6);
const polygon = z
  .array(place)
  .min(6)
  .refine((list) => list.length % 2 === 0, "expected pairs of numbers");
const schema = z.object({
  images: z.array(z.object({ id: z.number(), file_name: z.string(), height: side, width: side })),
  annotations: z.array(
    z.object({
      image_id: z.number(),
      category_id: z.int(),
      area: z.number().min(0),
      iscrowd: z.literal([0, 1]).default(0),
      segmentation: z.union([
        z.array(polygon),
        z.object({ size: z.tuple([side, side]), counts: z.union([z.string(), z.array(z.int().min(0))]) }),
      ]),
    }),
  ),
});

type Coco = z.infer<typeof schema>;
type Annotation = Coco["annotations"][number];

/** The true masks of an image, by its file's name, at a size. */
export type MasksOf = (image: string, size: readonly [height: number, width: number]) => TrueMask[];

/**
 * Reads a file in the form of COCO's instances_val2017.json.
 * @throws {DataError} it is not JSON, or not of that form
 */
export function readCoco(path: string): MasksOf {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new DataError(`${path}: expected a COCO file of instances, got something that is not JSON`, {
      path,
      cause,
    });
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    const { path: at, message } = parsed.error.issues[0]!;
    throw new DataError(`${path}: expected a COCO file of instances; ${at.join(".")}: ${message}`, { path });
  }
  const { images, annotations } = parsed.data;
  const byName = new Map(images.map((image) => [basename(image.file_name), image]));
  if (byName.size < images.length)
    throw new DataError(`${path}: expected images of different names, got one name twice`, { path });
  const byImage = grouped(annotations);
  return (image, size) => {
    const known = byName.get(basename(image));
    if (known === undefined) return [];
    const own: readonly [number, number] = [known.height, known.width];
    return (byImage.get(known.id) ?? []).map((one) => ({
      class: one.category_id,
      crowd: one.iscrowd === 1,
      area: one.area * ((size[0] * size[1]) / (own[0] * own[1])),
      mask: maskOfAnnotation(one, own, size, path),
    }));
  };
}

function grouped(annotations: readonly Annotation[]): Map<number, Annotation[]> {
  const groups = new Map<number, Annotation[]>();
  for (const one of annotations) {
    const group = groups.get(one.image_id);
    if (group === undefined) groups.set(one.image_id, [one]);
    else group.push(one);
  }
  return groups;
}

function maskOfAnnotation(
  { segmentation }: Annotation,
  own: readonly [number, number],
  [height, width]: readonly [number, number],
  path: string,
): Mask {
  if (!Array.isArray(segmentation)) {
    const [rows, columns] = segmentation.size;
    return fromRunLengths(segmentation.counts, rows, columns, path, [height, width]);
  }
  const cells = new Uint8Array(height * width);
  for (const polygon of segmentation) {
    const points = Array.from(
      { length: Math.floor(polygon.length / 2) },
      (_, k): Point => [(polygon[2 * k]! * width) / own[1], (polygon[2 * k + 1]! * height) / own[0]],
    );
    fillPolygon(points, height, width).cells.forEach((cell, at) => {
      if (cell) cells[at] = 1;
    });
  }
  return { rows: height, columns: width, cells };
}

/**
 * Runs of zeros and ones in turn, column by column, as numbers or in COCO's text.
 * @param size of the mask that is drawn, each cell of which takes the value it falls in; rows × columns when left out
 * @throws {DataError} runs that do not fill the mask
 */
export function fromRunLengths(
  counts: string | readonly number[],
  rows: number,
  columns: number,
  path: string,
  [height, width]: readonly [height: number, width: number] = [rows, columns],
): Mask {
  const ends: number[] = [];
  let total = 0;
  for (const run of typeof counts === "string" ? decodeRuns(counts, path) : counts) {
    if (run < 0) throw new DataError(`${path}: expected runs of 0 cells or more, got ${run}`, { path });
    total += run;
    ends.push(total);
  }
  if (total !== rows * columns)
    throw new DataError(
      `${path}: expected runs of ${rows} × ${columns} = ${rows * columns} cells, got ${total}`,
      { path },
    );
  const cells = new Uint8Array(height * width);
  let first = 0; // the run at the top of a column
  for (let x = 0; x < width; x++) {
    const column = Math.floor((x * columns) / width) * rows;
    while (ends[first]! <= column) first++;
    for (let y = 0, run = first; y < height; y++) {
      const cell = column + Math.floor((y * rows) / height);
      while (ends[run]! <= cell) run++;
      cells[y * width + x] = run % 2;
    }
  }
  return { rows: height, columns: width, cells };
}

/** Five bits a letter from "0" on, the sixth says that more follow; from the fourth run on the change since two before. */
function decodeRuns(text: string, path: string): number[] {
  const runs: number[] = [];
  for (let at = 0; at < text.length; ) {
    let [value, scale, code] = [0, 1, 32];
    while ((code & 32) !== 0) {
      code = text.charCodeAt(at++) - 48;
      if (!(code >= 0 && code < 64 && scale < 2 ** 40))
        throw new DataError(`${path}: expected run lengths in COCO's letters, got other text`, { path });
      value += (code & 31) * scale;
      scale *= 32;
    }
    if ((code & 16) !== 0) value -= scale;
    runs.push(runs.length > 2 ? value + runs.at(-2)! : value);
  }
  return runs;
}
