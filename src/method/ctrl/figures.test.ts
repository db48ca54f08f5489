import { expect, test } from "vitest";
import { full, scope, tensor } from "../../tensor/index.ts";
import { similarityFigure, spectraFigure, transcriptionPixels } from "./figures.ts";

test("originals stand above their transcriptions", () => {
  const { data, width, height } = scope(() => {
    const x = tensor([-1, -1, 0, 0]).reshape([4, 1, 1, 1]);
    return transcriptionPixels(x, x.mul(0).add(1), 2);
  });
  expect([width, height]).toEqual([6, 14]); // two rows of originals, two of transcriptions, two columns
  const row = (r: number) => data[r * 4 * width];
  expect([row(0), row(1), row(2), row(3)]).toEqual([0, 255, 128, 255]);
});

test("similarity and spectra become figures with numbers", () => {
  const similar = scope(() => similarityFigure({ values: full([250, 250], 0.5), ends: [125, 250] }, "|ZᵀẐ|"));
  expect(similar.svg).toContain("<svg");
  expect(similar.csv.split("\n").length).toBeGreaterThan(80 * 80); // blocks of 3: 83 × 83
  expect(
    spectraFigure(
      [
        [3, 1],
        [2, 1],
      ],
      "spectra",
    ).csv,
  ).toContain("class 1");
});
