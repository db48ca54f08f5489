/** @file COCO's files and its average precision, against numbers of pycocotools. */

import { readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { averagePrecision } from "./average-precision.ts";
import { fromRunLengths, readCoco } from "./coco.ts";
import { judge } from "./judge.ts";
import { area, boxOf } from "./mask.ts";

const path = new URL("../../../test/coco/rectangles.json", import.meta.url).pathname;
const given = JSON.parse(readFileSync(path, "utf8")) as {
  images: { file_name: string }[];
  detections: { image: string; score: number; counts: string }[];
  stats: Record<"bbox" | "segm", number[]>;
};

test("average precision of boxes and masks, by size and beside crowds, is pycocotools'", () => {
  const masksOf = readCoco(path);
  const judged = given.images.map(({ file_name }) => {
    const own = given.detections.filter(({ image }) => image === file_name);
    const masks = own.map(({ counts }) => fromRunLengths(counts, 120, 150, path));
    return judge(
      masks,
      masksOf(file_name, [120, 150]),
      own.map(({ score }) => score),
    );
  });
  for (const [kind, expected] of [
    ["boxes", given.stats.bbox] as const,
    ["masks", given.stats.segm] as const,
  ]) {
    const { ap, ap50, ap75, small, medium, large } = averagePrecision(judged.map((one) => one[kind]));
    for (const [i, value] of [ap, ap50, ap75, small, medium, large].entries())
      expect(value).toBeCloseTo(expected[i]!, 12);
  }
});

const written = (content: unknown) => {
  const file = join(tmpdir(), `vitrine-coco-${process.pid}.json`);
  writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
  return file;
};
const image = { id: 7, file_name: "val/one.jpg", height: 4, width: 8 };
const annotation = { image_id: 7, category_id: 3, area: 16 };

test("polygons and runs are drawn at the size asked for, by the name of the image alone", () => {
  const polygon = { ...annotation, segmentation: [[0, 0, 4, 0, 4, 4, 0, 4]] };
  const runs = { ...annotation, iscrowd: 1, segmentation: { size: [4, 8], counts: [16, 16] } };
  const masksOf = readCoco(written({ images: [image], annotations: [polygon, runs] }));
  const [left, right] = masksOf("elsewhere/one.jpg", [8, 16]);
  expect(boxOf(left!.mask)).toEqual({ left: 0, top: 0, right: 8, bottom: 8 });
  expect(boxOf(right!.mask)).toEqual({ left: 8, top: 0, right: 16, bottom: 8 });
  expect([left!.area, left!.crowd, right!.crowd]).toEqual([64, false, true]);
  expect(area(right!.mask)).toBe(64);
  expect(masksOf("two.jpg", [4, 8])).toEqual([]);
});

test("a file of another form, runs that do not fill the mask: what was expected", () => {
  expect(() => readCoco(written("{"))).toThrow("got something that is not JSON");
  expect(() => readCoco(written({ images: [{ id: 1 }], annotations: [] }))).toThrow("images.0.file_name");
  const short = { ...annotation, segmentation: { size: [4, 8], counts: [3, 4] } };
  const masksOf = readCoco(written({ images: [image], annotations: [short] }));
  expect(() => masksOf("one.jpg", [4, 8])).toThrow("expected runs of 4 × 8 = 32 cells, got 7");
});
