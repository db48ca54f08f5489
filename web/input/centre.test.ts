/** @file MNIST's centring, and the header of pictures. */

import { expect, test } from "vitest";
import { centre, shrink } from "./centre.ts";
import { pictureSize } from "./picture-size.ts";

const grey = (width: number, height: number, ink: (x: number, y: number) => boolean) => ({
  ...{ width, height },
  data: Float32Array.from({ length: width * height }, (_, i) =>
    ink(i % width, Math.floor(i / width)) ? 1 : 0,
  ),
});

test("what is drawn fills 20 × 20, wherever and however large it was; its centre of mass is in the middle", () => {
  const small = centre(grey(280, 280, (x, y) => x >= 10 && x < 50 && y >= 10 && y < 50));
  const large = centre(grey(280, 280, (x, y) => x >= 60 && x < 260 && y >= 60 && y < 260));
  expect(small).toEqual(large);
  expect(Array.from({ length: 28 }, (_, x) => small[14 * 28 + x])).toEqual([
    ...Array(4).fill(0),
    ...Array(20).fill(1),
    ...Array(4).fill(0),
  ]);
  // an L: most of its mass lies to the left and below
  const corner = centre(grey(280, 280, (x, y) => (x < 40 || y >= 160) && x < 200 && y < 200));
  let [mass, mx, my] = [0, 0, 0];
  corner.forEach((value, i) => {
    mass += value;
    mx += value * ((i % 28) + 0.5);
    my += value * (Math.floor(i / 28) + 0.5);
  });
  expect(Math.abs(mx / mass - 14)).toBeLessThanOrEqual(0.5);
  expect(Math.abs(my / mass - 14)).toBeLessThanOrEqual(0.5);
});

test("an empty sheet stays empty", () => {
  expect(centre(grey(28, 28, () => false)).every((value) => value === 0)).toBe(true);
});

test("shrinking keeps the mean, by areas that begin inside of pixels too", () => {
  const picture = { width: 3, height: 2, data: Float32Array.of(1, 2, 3, 4, 5, 6) };
  const made = shrink(picture, [0, 0, 3, 2], 2, 1);
  expect(made[0]).toBeCloseTo((1 + 4 + 0.5 * (2 + 5)) / 3, 6);
  expect(made[1]).toBeCloseTo((3 + 6 + 0.5 * (2 + 5)) / 3, 6);
});

const bytes = (hex: string) => Uint8Array.from(hex.match(/../g)!, (pair) => Number.parseInt(pair, 16));

test.each([
  ["PNG", "89504e470d0a1a0a0000000d49484452000075300000753000000000"],
  ["GIF", "474946383961307530750000"],
  ["BMP", `424d${"00".repeat(16)}30750000d08affff`],
  ["JPEG", "ffd8ffe000040000ffc0001108753075300301220002110103110100"],
  ["WebP", "524946460000000057454250565038580000000000000000" + "2f75002f7500"],
])("the size of a %s from its header", (type, hex) => {
  expect(pictureSize(bytes(hex))).toEqual({ type, width: 30_000, height: 30_000 });
});

test("what is no picture has no size", () => {
  for (const hex of ["", "00", "68656c6c6f", "ffd8", "ffd8ffe000040000", "52494646000000005745425"])
    expect(pictureSize(bytes(hex.length % 2 ? `${hex}0` : hex || "20"))).toBeUndefined();
});
