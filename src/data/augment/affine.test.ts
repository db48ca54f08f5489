import { expect, test } from "vitest";
import { full, random, scope, tensor, zeros } from "../../tensor/index.ts";
import { affine, drawMaps, randomAffineOf } from "./affine.ts";
import { gaussianBlur, randomBlur } from "./blur.ts";

const pixels = random(1).uniform([2, 1, 6, 6]).toArray();
const images = () => tensor(pixels);

test("turns by right angles are exact, clockwise, each image its own", () => {
  scope(() => {
    const x = images();
    const turned = affine(x, { angle: [90, 180] });
    expect(turned.select(0, 0).toArray()).toEqual(x.select(0, 0).T.flip([2]).toArray());
    expect(turned.select(0, 1).toArray()).toEqual(x.select(0, 1).flip([1, 2]).toArray());
    expect(affine(x, {}).toArray()).toEqual(x.toArray());
  });
});

test("shifts are exact and leave black behind, also in images that are not square", () => {
  scope(() => {
    const x = random(2).uniform([1, 2, 5, 7]);
    const moved = affine(x, { shiftX: [2], shiftY: [-1] });
    expect(moved.narrow(3, 2, 5).narrow(2, 0, 4).toArray()).toEqual(
      x.narrow(3, 0, 5).narrow(2, 1, 4).toArray(),
    );
    expect(moved.narrow(3, 0, 2).abs().max().item()).toBe(0);
    expect(moved.narrow(2, 4, 1).abs().max().item()).toBe(0);
  });
});

test("an affine image of a plane is the plane at the inverse map: scale, turn and shear together", () => {
  scope(() => {
    const [h, w] = [9, 13];
    // value = a + b x + c y about the centre: bilinear sampling of it is exact inside
    const plane = (x: number, y: number) => 10 + 0.5 * x - 0.25 * y;
    const [cx, cy] = [(w - 1) / 2, (h - 1) / 2];
    const x = tensor(
      Array.from({ length: h }, (_, i) => Array.from({ length: w }, (_, j) => plane(j - cx, i - cy))),
    ).reshape([1, 1, h, w]);
    const found = affine(x, { angle: [30], scale: [1.5], shear: [10], shiftX: [1], shiftY: [0] }, "bilinear");
    const rows = found.reshape([h, w]).toArray() as number[][];
    const [t, k, s] = [Math.PI / 6, Math.tan(Math.PI / 18), 1.5];
    for (const [px, py] of [
      [0, 0],
      [1, 1],
      [-2, 1],
      [2, -2],
    ] as const) {
      // biome-ignore format: points
      // forward: the point goes to s R (x + …): the shear takes k y from x, the turn is clockwise as y points down
      const forward = [
        s * (Math.cos(t) * px + (-Math.cos(t) * k - Math.sin(t)) * py) + 1,
        s * (Math.sin(t) * px + (-Math.sin(t) * k + Math.cos(t)) * py),
      ] as const;
      // the result is a plane too: read it between pixels
      const at = ([u, v]: readonly [number, number]) => {
        const [j, i] = [Math.floor(u + cx), Math.floor(v + cy)];
        const [fu, fv] = [u + cx - j, v + cy - i];
        const row = (r: number) => rows[r]![j]! * (1 - fu) + rows[r]![j + 1]! * fu;
        return row(i) * (1 - fv) + row(i + 1) * fv;
      };
      expect(at(forward)).toBeCloseTo(plane(px, py), 4);
    }
  });
});

test("maps are drawn from their ranges, whole pixels of shift, and one range an image", () => {
  const maps = drawMaps(
    500,
    10,
    20,
    { degrees: 90, translate: [0.2, 0.4], scale: [0.8, 1.1], shear: 20 },
    random(3),
  );
  const range = (values: ArrayLike<number>) => [
    Math.min(...Array.from(values)),
    Math.max(...Array.from(values)),
  ];
  expect(range(maps.shiftX!)).toEqual([-4, 4]);
  expect(range(maps.shiftY!)).toEqual([-4, 4]);
  expect(range(maps.angle!)[1]).toBeGreaterThan(85);
  expect(range(maps.scale!)[0]).toBeGreaterThan(0.8);
  expect(range(maps.shear!)[0]).toBeGreaterThan(-20);
  scope(() => {
    const x = full([400, 1, 4, 4], 1);
    const ranges = [{}, { translate: [1, 1] as const }];
    const moved = randomAffineOf(x, ranges, random(4)).sum([1, 2, 3]).ne(16).sum().item();
    expect(moved).toBeGreaterThan(150); // half of them, but for shifts of 0
    expect(moved).toBeLessThan(230);
    expect(() => affine(x, { angle: [1] })).toThrow("expected angle of 400 images, got 1");
    expect(() => affine(x.to("uint8"), {})).toThrow("expected float images [b, c, h, w]");
  });
});

test("a point becomes the Gaussian, each image its own, and constants stay", () => {
  scope(() => {
    const x = zeros([2, 2, 9, 9]);
    x.narrow(2, 4, 1).narrow(3, 4, 1).fill_(1);
    const found = gaussianBlur(x, tensor([0.7, 1.5]), 5).toArray() as number[][][][];
    for (const [i, sigma] of [0.7, 1.5].entries()) {
      const bell = [-2, -1, 0, 1, 2].map((u) => Math.exp(-(u ** 2) / (2 * sigma ** 2)));
      const total = bell.reduce((sum, v) => sum + v, 0);
      for (let a = 0; a < 5; a++)
        for (let b = 0; b < 5; b++)
          expect(found[i]![1]![2 + a]![2 + b]).toBeCloseTo((bell[a]! * bell[b]!) / total ** 2, 6);
      expect(found[i]![0]![1]![4]).toBe(0);
    }
    const plain = full([1, 3, 6, 6], 0.3);
    expect(
      gaussianBlur(plain, tensor([2]), 9)
        .sub(plain)
        .abs()
        .max()
        .item(),
    ).toBeLessThan(1e-6);
    const half = randomBlur(random(1).uniform([200, 1, 5, 5]), 3, random(2));
    const changed = half
      .sub(random(1).uniform([200, 1, 5, 5]))
      .abs()
      .sum([1, 2, 3])
      .gt(0)
      .sum()
      .item();
    expect(changed / 200).toBeCloseTo(0.5, 1);
    expect(() => gaussianBlur(plain, tensor([2]), 4)).toThrow(
      "odd kernel below twice the 6 pixels of the image, got 4",
    );
    expect(() => gaussianBlur(plain, tensor([2]), 13)).toThrow("got 13");
  });
});
