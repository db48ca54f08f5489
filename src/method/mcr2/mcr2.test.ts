import { expect, test } from "vitest";
import { randomFlip } from "../../data/index.ts";
import { random, scope } from "../../tensor/index.ts";
import { corruptLabels, VIEW_PRESETS, viewsOf } from "./index.ts";

const labels = Int32Array.from({ length: 2000 }, (_, i) => i % 10);
const changed = (to: Int32Array): number[] => [...to.keys()].filter((i) => to[i] !== labels[i]);

test("uniform corruption leaves a K-th of the replaced labels right", () => {
  const noisy = corruptLabels(labels, 10, { ratio: 0.5 }, random(10));
  const share = changed(noisy).length / 2000;
  expect(share).toBeGreaterThan(0.42);
  expect(share).toBeLessThan(0.48); // 0.5 · 9/10, ± 2.7 deviations
  expect(Math.max(...noisy)).toBe(9);
  expect(corruptLabels(labels, 10, { ratio: 0.5 }, random(10))).toEqual(noisy);
  expect(corruptLabels(labels, 10, { ratio: 0.5 }, random(11))).not.toEqual(noisy);
  expect(corruptLabels(labels, 10, { ratio: 0 }, random(10))).toEqual(labels);
});

test.each(["symmetric", "pairs"] as const)("%s corruption changes that share of every class", (scheme) => {
  const noisy = corruptLabels(labels, 10, { scheme, ratio: 0.3 }, random(1));
  const perClass = new Array<number>(10).fill(0);
  for (const i of changed(noisy)) perClass[labels[i]!]!++;
  expect(perClass).toEqual(new Array(10).fill(60));
  if (scheme === "pairs") for (const i of changed(noisy)) expect(noisy[i]).toBe((labels[i]! + 1) % 10);
  else expect(new Set(changed(noisy).map((i) => (noisy[i]! - labels[i]! + 10) % 10)).size).toBe(9);
});

test("CIFAR corruption turns classes into those they look like", () => {
  const noisy = corruptLabels(labels, 10, { scheme: "cifar", ratio: 1 }, random(1));
  expect([...noisy.slice(0, 10)]).toEqual([0, 1, 0, 5, 7, 3, 6, 7, 8, 1]);
  expect(() => corruptLabels(labels, 11, { scheme: "cifar", ratio: 1 }, random(1))).toThrow(
    "10 classes, got 11",
  );
  expect(() => corruptLabels(labels, 10, { ratio: 1.5 }, random(1))).toThrow("0 ≤ ratio ≤ 1, got 1.5");
});

test("views of an image share its number, the first is the image itself", () => {
  scope(() => {
    const batch = random(2).uniform([3, 1, 4, 4]);
    const augment = (images: typeof batch, stream: ReturnType<typeof random>) => randomFlip(images, stream);
    const { images, labels } = viewsOf(batch, 4, augment, random(3));
    expect(images.shape).toEqual([12, 1, 4, 4]);
    expect(labels.numbers()).toEqual([0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2]);
    expect(images.narrow(0, 0, 3).sub(batch).abs().max().item()).toBe(0);
    expect(() => viewsOf(batch, 1, augment, random(3))).toThrow("from 2 on, got 1");
  });
});

test.each([
  ["cifar", 3, 32],
  ["stl10", 3, 24],
  ["mnist", 1, 28],
  ["fmnist", 1, 28],
] as const)(
  "the %s views keep size and range, differ from each other, and come again with the seed",
  (name, c, side) => {
    scope(() => {
      const batch = random(4).uniform([4, c, side, side]);
      const { images } = viewsOf(batch, 4, VIEW_PRESETS[name], random(5));
      expect(images.shape).toEqual([16, c, side, side]);
      expect(images.min().item()).toBeGreaterThanOrEqual(0);
      expect(images.max().item()).toBeLessThanOrEqual(1 + 1e-6);
      const [first, a, b] = images.chunk(4) as [typeof batch, typeof batch, typeof batch];
      expect(first.sub(batch).abs().max().item()).toBe(0);
      for (const [x, y] of [[first, a], [a, b]] as const) // biome-ignore format: pairs
        expect(x.sub(y).abs().mean([1, 2, 3]).max().item()).toBeGreaterThan(0.05);
      const again = viewsOf(batch, 4, VIEW_PRESETS[name], random(5)).images;
      expect(again.sub(images).abs().max().item()).toBe(0);
    });
  },
);
