/** @file COCO's files and its average precision, against numbers of pycocotools. */

import { readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { averagePrecision } from "./average-precision.ts";
import { fromRunLengths, readCoco } from "./coco.ts";
import { judge } from "./judge.ts";
import { area, boxOf, enlarge } from "./mask.ts";

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

const unread = (one: object) => expect(() => readCoco(written({ images: [image], annotations: [one] })));

test.each([
  ["sizes of 2^53", { size: [2 ** 53 - 1, 1], counts: [2 ** 53 - 1] }],
  ["a side of nothing", { size: [0, 8], counts: [] }],
  ["a negative run", { size: [4, 8], counts: [40, -8] }],
  ["a run that is no whole number", { size: [4, 8], counts: [31.5, 0.5] }],
  ["two points", [[0, 0, 4, 4]]],
  ["a point without its y", [[0, 0, 4, 0, 4, 4, 1]]],
  ["a point that is null", [[0, 0, 4, 0, 4, null]]],
  ["a point far outside", [[0, 0, 4, 0, 4, 1e300]]],
])("%s: a DataError of the schema", (_, segmentation) => {
  unread({ ...annotation, segmentation }).toThrow(
    /expected a COCO file of instances; annotations\.0\.segmentation/,
  );
});

test("images of one name, runs in other letters, that end early or are negative are refused", () => {
  expect(() => readCoco(written({ images: [image, { ...image, id: 8 }], annotations: [] }))).toThrow(
    "one name twice",
  );
  for (const [counts, message] of [
    ["\u0001\u0002", "in COCO's letters"],
    ["PPPP", "in COCO's letters"],
    ["oooooooooooooooo0", "in COCO's letters"],
    ["@", "expected runs of 0 cells or more, got -16"],
    ["", "= 32 cells, got 0"],
  ] as const)
    expect(() => fromRunLengths(counts, 4, 8, "f"), counts).toThrow(message);
});

test("fromRunLengths: at another size, each cell takes the value it falls in", () => {
  const whole = fromRunLengths([3, 4, 5, 9, 3], 4, 6, "f");
  for (const [height, width] of [[8, 12], [2, 3], [5, 7], [1, 1]] as const) // biome-ignore format: a list
    expect(fromRunLengths([3, 4, 5, 9, 3], 4, 6, "f", [height, width])).toEqual(
      enlarge(whole, height, width),
    );
});
