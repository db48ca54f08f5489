import fc from "fast-check";
import { expect, test } from "vitest";
import { checkImageSet, type ImageSet, imageSource, subset } from "./image-set.ts";

function tiny(): ImageSet {
  return {
    name: "tiny",
    count: 3,
    channels: 1,
    height: 2,
    width: 1,
    classes: ["a", "b"],
    labels: Int32Array.of(0, 1, 1),
    images: Uint8Array.of(1, 2, 3, 4, 5, 6),
  };
}

test("a right set passes, a wrong one is named", () => {
  expect(checkImageSet(tiny()).count).toBe(3);
  expect(() => checkImageSet({ ...tiny(), images: new Uint8Array(5) })).toThrow(
    "tiny: images have 5 bytes, expected 6 for [3, 1, 2, 1]",
  );
  expect(() => checkImageSet({ ...tiny(), labels: Int32Array.of(0, 1) })).toThrow("2 labels for 3 images");
  expect(() => checkImageSet({ ...tiny(), labels: Int32Array.of(0, 1, 2) })).toThrow(
    "label out of range: image 2 has 2, expected 0 to 1",
  );
  expect(() => checkImageSet({ ...tiny(), labels: Int32Array.of(-1, 1, 1) })).toThrow("image 0 has -1");
  expect(() => checkImageSet({ ...tiny(), height: 0, images: new Uint8Array(0) })).toThrow("height is 0");
});

test("a subset keeps order and repeats", () => {
  const part = subset(tiny(), [2, 0, 2]);
  expect([...part.images]).toEqual([5, 6, 1, 2, 5, 6]);
  expect([...part.labels]).toEqual([1, 0, 1]);
  expect(checkImageSet(part).count).toBe(3);
  expect(() => subset(tiny(), [3])).toThrow("image 3 does not exist; there are 3 (0 to 2)");
  expect(() => subset(tiny(), [0.5])).toThrow("image 0.5 does not exist");
});

test("a source loads what the subset holds", async () => {
  const source = imageSource(tiny());
  expect(imageSource(source)).toBe(source);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(2)), async (indices) => {
      expect(await source.load(indices)).toEqual(subset(tiny(), indices).images);
    }),
    { seed: 1 },
  );
});

test("the fingerprint sees a changed pixel and a changed label", () => {
  const first = imageSource(tiny()).fingerprint();
  expect(imageSource(tiny()).fingerprint()).toBe(first);
  const pixel = { ...tiny(), images: Uint8Array.of(1, 2, 3, 4, 5, 7) };
  const label = { ...tiny(), labels: Int32Array.of(0, 1, 0) };
  expect(imageSource(pixel).fingerprint()).not.toBe(first);
  expect(imageSource(label).fingerprint()).not.toBe(first);
});
