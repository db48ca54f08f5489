import { beforeAll, expect, test } from "vitest";
import { type ImageSet, openDataset } from "../../data/index.ts";
import { accuracy } from "../../evaluate/classify/index.ts";
import { random, scope, type Tensor } from "../../tensor/index.ts";
import { buildReduNet, cyclicShifts, rotationDigits, translationDigits } from "./index.ts";

let train: ImageSet;
let test_: ImageSet;
beforeAll(async () => {
  train = await openDataset("digits", { split: "train" });
  test_ = await openDataset("digits", { split: "test" });
});

/** A disc off the centre. */
const picture = (): ImageSet => {
  const images = new Uint8Array(28 * 28);
  for (let y = 0; y < 28; y++)
    for (let x = 0; x < 28; x++) if ((y - 13.5) ** 2 + (x - 7.5) ** 2 < 16) images[y * 28 + x] = 200;
  const size = { count: 1, channels: 1, height: 28, width: 28 };
  return { name: "disc", images, labels: Int32Array.of(0), classes: ["disc"], ...size };
};

test("polar samples read the image on circles, from the rim inwards", () => {
  scope(() => {
    for (const sampling of ["nearest", "bilinear"] as const) {
      const { X } = rotationDigits(picture(), { perClass: 1, radii: 15, angles: 40, sampling });
      expect(X.shape).toEqual([1, 15, 40]);
      const first = X.select(2, 0).numbers(); // unturned: row 14, columns 0 to 14
      expect(first.slice(0, 3).concat(first.slice(12))).toEqual([0, 0, 0, 0, 0, 0]);
      expect(first.slice(5, 11).every((value) => value === 200)).toBe(true);
      expect(X.select(2, 39).numbers()).toEqual(first); // 360° is 0° again
    }
  });
});

test("a quarter turn of the image is a cyclic shift by a quarter of the angles", () => {
  scope(() => {
    const turned = picture();
    const { images } = picture();
    for (let y = 0; y < 28; y++)
      for (let x = 0; x < 28; x++) turned.images[(27 - x) * 28 + y] = images[y * 28 + x]!;
    const options = { perClass: 1, radii: 15, angles: 40, closed: false };
    const [a, b] = [rotationDigits(picture(), options).X, rotationDigits(turned, options).X];
    const shifted = [10, -10].map((shift) => a.roll([shift], [2]).ne(b).sum().item() / b.numel);
    expect(Math.min(...shifted)).toBeLessThan(0.02); // but for pixels half-way between two
    expect(Math.max(...shifted)).toBeGreaterThan(0.1);
  });
});

/** Accuracy on samples and on all their shifts, and whether every single prediction is the same. */
function underShifts(predict: (X: Tensor) => Tensor, X: Tensor, labels: Tensor, stride: number) {
  const plain = predict(X);
  const shifted = cyclicShifts(X, 2, stride);
  const times = shifted.size(0) / X.size(0);
  const repeat = (values: Tensor) => values.unsqueeze(0).expand([times, values.numel]).reshape([-1]);
  const moved = predict(shifted);
  return {
    plain: accuracy(plain, labels),
    moved: accuracy(moved, repeat(labels)),
    same: moved.eq(repeat(plain)).all().item() === 1,
  };
}

test("rotation digits: accuracy on shifted test images is that on unshifted ones", () => {
  scope(() => {
    const polar = { perClass: 10, radii: 6, angles: 40 };
    const known = rotationDigits(train, polar);
    const fresh = rotationDigits(test_, polar);
    const lift = { channels: 10, kernel: 5 };
    const options = { layers: 8, classes: 10, lift, random: random(0).at("lift") };
    const { net } = buildReduNet(known.X, known.labels, options);
    using _owner = net;
    const result = underShifts((X) => net.predict(X), fresh.X, fresh.labels, 4);
    expect(result.moved).toBe(result.plain);
    expect(result.same).toBe(true);
    expect(result.plain).toBeGreaterThan(0.3); // of ten classes
    expect(accuracy(net.predict(known.X), known.labels)).toBeGreaterThan(0.75);
  });
});

test("translation digits: the same in both axes", () => {
  scope(() => {
    const chosen = { perClass: 10, classes: [0, 1, 7] };
    const known = translationDigits(train, chosen);
    const fresh = translationDigits(test_, { ...chosen, perClass: 2 });
    const small = (X: Tensor) => X.reshape([-1, 1, 14, 2, 14, 2]).mean([3, 5]);
    const lift = { channels: 6, kernel: 5 };
    const options = { layers: 3, classes: 3, lift, random: random(0).at("lift") };
    const { net } = buildReduNet(small(known.X), known.labels, options);
    using _owner = net;
    const result = underShifts((X) => net.predict(X), small(fresh.X), fresh.labels, 3);
    expect(result.moved).toBe(result.plain);
    expect(result.same).toBe(true);
    expect(result.plain).toBeGreaterThan(0.6);
  });
});

test("too few images of a class are refused", () => {
  expect(() => scope(() => rotationDigits(picture(), { perClass: 2 }))).toThrow(
    "expected 2 images of class 0 in disc, got 1",
  );
});
