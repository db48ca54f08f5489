/** @file True masks from a COCO file of instances: polygons, run lengths, crowds. */

import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { z } from "zod";
import { DataError } from "../../tensor/index.ts";
import { fillPolygon, type Point, type TrueMask } from "./ground-truth.ts";
import { enlarge, type Mask } from "./mask.ts";

const side = z.int().min(1);
const schema = z.object({
  images: z.array(z.object({ id: z.number(), file_name: z.string(), height: side, width: side })),
  annotations: z.array(
    z.object({
      image_id: z.number(),
      category_id: z.int(),
      area: z.number().min(0),
      iscrowd: z.literal([0, 1]).default(0),
      segmentation: z.union([
        z.array(z.array(z.number()).min(6)),
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
    return enlarge(fromRunLengths(segmentation.counts, rows, columns, path), height, width);
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
 * @throws {DataError} runs that do not fill the mask
 */
export function fromRunLengths(
  counts: string | readonly number[],
  rows: number,
  columns: number,
  path: string,
): Mask {
  const runs = typeof counts === "string" ? decodeRuns(counts) : counts;
  const total = runs.reduce((sum, run) => sum + run, 0);
  if (total !== rows * columns || runs.some((run) => run < 0))
    throw new DataError(
      `${path}: expected runs of ${rows} × ${columns} = ${rows * columns} cells, got ${total}`,
      { path },
    );
  const cells = new Uint8Array(rows * columns);
  let at = 0;
  runs.forEach((run, i) => {
    if (i % 2 === 1)
      for (let k = at; k < at + run; k++) cells[(k % rows) * columns + Math.floor(k / rows)] = 1;
    at += run;
  });
  return { rows, columns, cells };
}

/** Five bits a letter from "0" on, the sixth says that more follow; from the fourth run on the change since two before. */
function decodeRuns(text: string): number[] {
  const runs: number[] = [];
  for (let p = 0; p < text.length; ) {
    let [value, shift, more] = [0, 0, true];
    while (more && p < text.length) {
      const code = text.charCodeAt(p++) - 48;
      value |= (code & 31) << shift;
      shift += 5;
      more = (code & 32) !== 0;
      if (!more && (code & 16) !== 0) value |= -1 << shift;
    }
    runs.push(runs.length > 2 ? value + runs.at(-2)! : value);
  }
  return runs;
}
