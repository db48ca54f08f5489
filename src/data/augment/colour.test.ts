import { expect, test } from "vitest";
import { cat, full, random, scope, stack, type Tensor, tensor, zeros } from "../../tensor/index.ts";
import {
  adjustBrightness,
  adjustContrast,
  adjustHue,
  adjustSaturation,
  colourJitter,
  randomGrey,
} from "./colour.ts";

const images = (b = 3): Tensor => random(1).uniform([b, 3, 4, 5]);
const apart = (a: Tensor, b: Tensor): number => a.sub(b).abs().max().item();
const luma = (x: Tensor): Tensor =>
  x
    .mul(tensor([0.2989, 0.587, 0.114]).reshape([1, 3, 1, 1]))
    .sum([1], true)
    .expand(x.shape);

test("a factor of 1 and a shift of 0 change nothing", () => {
  scope(() => {
    const x = images();
    const one = full([3], 1);
    for (const adjust of [adjustBrightness, adjustContrast, adjustSaturation])
      expect(apart(adjust(x, one), x)).toBeLessThan(1e-6);
    expect(apart(adjustHue(x, zeros([3])), x)).toBeLessThan(1e-6);
    expect(apart(adjustHue(x, full([3], 1)), x)).toBeLessThan(1e-5); // all the way round
  });
});

test("brightness is linear in each image's factor, and stops at white", () => {
  scope(() => {
    const x = images();
    const found = adjustBrightness(x, tensor([0, 0.5, 2]));
    expect(found.select(0, 0).max().item()).toBe(0);
    expect(apart(found.select(0, 1), x.select(0, 1).mul(0.5))).toBeLessThan(1e-6);
    expect(apart(found.select(0, 2), x.select(0, 2).mul(2).clamp(0, 1))).toBeLessThan(1e-6);
  });
});

test("no contrast is one grey, no saturation is the pixel's grey", () => {
  scope(() => {
    const x = images();
    const plain = adjustContrast(x, zeros([3]));
    expect(apart(plain, luma(x).mean([1, 2, 3], true))).toBeLessThan(1e-6);
    expect(apart(adjustSaturation(x, zeros([3])), luma(x))).toBeLessThan(1e-6);
    const half = adjustSaturation(x, full([3], 0.5));
    expect(apart(half, x.add(luma(x)).div(2))).toBeLessThan(1e-6);
  });
});

test("a third of the circle exchanges the channels, a half gives the complement", () => {
  scope(() => {
    const x = images();
    const [r, g, b] = x.unbind(1) as [Tensor, Tensor, Tensor];
    expect(apart(adjustHue(x, full([3], 1 / 3)), stack([b, r, g], 1))).toBeLessThan(1e-5);
    expect(apart(adjustHue(x, full([3], -1 / 3)), stack([g, b, r], 1))).toBeLessThan(1e-5);
    const ends = x.max([1], true).add(x.min([1], true));
    expect(apart(adjustHue(x, full([3], 0.5)), ends.sub(x))).toBeLessThan(1e-5);
    const plain = full([3, 3, 2, 2], 0.4);
    expect(apart(adjustHue(plain, full([3], 0.2)), plain)).toBe(0);
    expect(
      adjustHue(zeros([1, 3, 2, 2]), full([1], 0.2))
        .max()
        .item(),
    ).toBe(0);
  });
});

test("jitter applies all four, in an order of its own for each image, and each with its own factors", () => {
  scope(() => {
    const amounts = { brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1 };
    const one = images(1);
    const many = cat(Array(200).fill(one) as Tensor[]);
    const jittered = colourJitter(many, amounts, random(2));
    expect(apart(jittered, colourJitter(many, amounts, random(2)))).toBe(0);
    expect(jittered.min().item()).toBeGreaterThanOrEqual(0);
    expect(jittered.max().item()).toBeLessThanOrEqual(1);
    const distinct = new Set(jittered.sum([1, 2, 3]).numbers().map(String));
    expect(distinct.size).toBeGreaterThan(190);
    const none = { brightness: 0, contrast: 0, saturation: 0, hue: 0 };
    expect(apart(colourJitter(many, none, random(2)), many)).toBeLessThan(1e-5);
    const dark = colourJitter(many, { ...none, brightness: 1 }, random(2))
      .div(many)
      .mean([1, 2, 3])
      .numbers();
    expect(Math.min(...dark)).toBeLessThan(0.1);
    expect(colourJitter(many, amounts, random(2), 0).sub(many).abs().max().item()).toBe(0);
    const some = colourJitter(many, amounts, random(2), 0.8).sub(many).abs().sum([1, 2, 3]).ne(0);
    expect(some.sum().item() / 200).toBeCloseTo(0.8, 1);
  });
});

test("two steps in their order: the result of an image is one of the 24 orders", () => {
  scope(() => {
    const x = images(1);
    const amounts = { brightness: 0.9, contrast: 0.9, saturation: 0, hue: 0 };
    // with only these two, brightness first or contrast first: both come up
    const seen = new Set<string>();
    for (let seed = 0; seed < 12; seed++) {
      const stream = random(seed);
      const f = (i: number, most: number) => stream.at(`factor.${i}`).uniform([1], 1 - most, 1 + most);
      const [bright, contrast] = [f(0, 0.9), f(1, 0.9)];
      const first = adjustContrast(adjustBrightness(x, bright), contrast);
      const second = adjustBrightness(adjustContrast(x, contrast), bright);
      const found = colourJitter(x, amounts, random(seed));
      const [a, b] = [apart(found, first), apart(found, second)];
      expect(Math.min(a, b)).toBeLessThan(1e-5);
      if (Math.abs(a - b) > 1e-3) seen.add(a < b ? "brightness" : "contrast");
    }
    expect(seen.size).toBe(2);
  });
});

test("grey images keep three equal channels, in a share of p", () => {
  scope(() => {
    const x = images(300);
    const found = randomGrey(x, 0.2, random(3));
    const changed = found.sub(x).abs().sum([1, 2, 3]).ne(0);
    expect(changed.sum().item() / 300).toBeCloseTo(0.2, 1);
    const own = found.index([changed]);
    expect(apart(own, luma(x.index([changed])))).toBeLessThan(1e-6);
    expect(() => randomGrey(zeros([2, 4, 2, 2]), 0.5, random(1))).toThrow(
      "[b, 1 or 3, h, w], got [2, 4, 2, 2]",
    );
    expect(() => adjustHue(zeros([1, 3, 2, 2], { dtype: "uint8" }), zeros([1]))).toThrow(
      "expected float images",
    );
    const wild = { brightness: 0, contrast: 0, saturation: 0, hue: 0.6 };
    expect(() => colourJitter(x, wild, random(1))).toThrow("hue at most 0.5, got 0, 0, 0, 0.6");
    const grey = random(4).uniform([2, 1, 3, 3]);
    expect(
      colourJitter(grey, { ...wild, hue: 0.5, saturation: 1 }, random(1))
        .sub(grey)
        .abs()
        .max()
        .item(),
    ).toBeLessThan(1e-6);
  });
});
