import { expect, test } from "vitest";
import { random, scope, type Tensor, tensor } from "../../tensor/index.ts";
import * as augment from "./augment.ts";
import { beta } from "./beta.ts";
import { type Box, randomBox } from "./box.ts";

/** Counting pixels [b, c, h, w], uint8. */
function counting(b: number, c: number, h: number, w: number): Tensor {
  return tensor(
    Uint8Array.from({ length: b * c * h * w }, (_, i) => (i + 1) % 256),
    { shape: [b, c, h, w] },
  );
}
const root = random(7);

test("normalise is (value / 255 − mean) / std per channel", () => {
  scope(() => {
    const images = tensor(Uint8Array.of(0, 255, 51, 102), { shape: [1, 2, 1, 2] });
    const out = augment.normalise(images, { mean: [0.5, 0.2], std: [0.5, 0.1] });
    expect(out.dtype).toBe("float32");
    for (const [i, value] of [-1, 1, 0, 2].entries()) expect(out.numbers()[i]).toBeCloseTo(value, 5);
    expect(() => augment.normalise(images, { mean: [0], std: [1] })).toThrow(
      "expected mean and std of 2 channels",
    );
  });
});

test("bytes are mirrored and normalised in one pass, with the bits of one operator after the other", () => {
  scope(() => {
    const images = counting(9, 3, 5, 37);
    const constants = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
    const mirrored = augment.drawMirrored(images, root.at("mirrored"));
    expect(new Set(mirrored.numbers())).toEqual(new Set([0, 1]));
    const floats = images.to("float32");
    for (const which of [undefined, mirrored]) {
      const steps = augment.normalise(floats, constants, which);
      expect(augment.normalise(images, constants, which).numbers()).toEqual(steps.numbers());
      const turned = (x: Tensor) => x.permute([0, 1, 3, 2]);
      const across = augment.normalise(turned(floats), constants, which);
      expect(augment.normalise(turned(images), constants, which).numbers()).toEqual(across.numbers());
    }
  });
});

test("a random crop is a window of the padded image, the same for all channels, every offset drawn", () => {
  scope(() => {
    const [b, h, w, pad] = [64, 3, 4, 1];
    const images = counting(b, 2, h, w);
    const out = augment.randomCrop(images, pad, root.at("crop"));
    expect([out.shape, out.dtype]).toEqual([[b, 2, h, w], "uint8"]);
    const [before, after] = [images.numbers(), out.numbers()];
    const seen = new Set<string>();
    for (let i = 0; i < b; i++) {
      const fits: string[] = [];
      for (let top = 0; top <= 2 * pad; top++)
        for (let left = 0; left <= 2 * pad; left++) {
          const same = [0, 1].every((c) =>
            Array.from({ length: h * w }, (_, p) => [Math.floor(p / w), p % w] as const).every(([y, x]) => {
              const [sy, sx] = [y + top - pad, x + left - pad];
              const inside = sy >= 0 && sy < h && sx >= 0 && sx < w;
              const at = (i * 2 + c) * h * w;
              return after[at + y * w + x] === (inside ? before[at + sy * w + sx] : 0);
            }),
          );
          if (same) fits.push(`${top} ${left}`);
        }
      expect(fits).toHaveLength(1);
      seen.add(fits[0]!);
    }
    expect(seen.size).toBe(9);
  });
});

test("a flip mirrors whole images, about half of them", () => {
  scope(() => {
    const images = counting(400, 1, 1, 3);
    const [before, after] = [images.numbers(), augment.randomFlip(images, root.at("flip")).numbers()];
    let mirrored = 0;
    for (let i = 0; i < 400; i++) {
      const row = before.slice(3 * i, 3 * i + 3);
      const got = after.slice(3 * i, 3 * i + 3);
      if (got.join() === row.toReversed().join()) mirrored++;
      else expect(got).toEqual(row);
    }
    expect(Math.abs(mirrored - 200)).toBeLessThan(40);
    expect(augment.randomFlip(images, root, 0).numbers()).toEqual(before);
  });
});

test("cropTo samples as by hand: whole pixels, halves, and the identity", () => {
  scope(() => {
    const ramp = tensor(
      Float32Array.from({ length: 16 }, (_, i) => i),
      { shape: [1, 1, 4, 4] },
    );
    const crop = (box: Box, size: number) => augment.cropTo(ramp, [box], size).numbers();
    const close = (got: number[], want: number[]) => {
      for (const [i, v] of want.entries()) expect(got[i]).toBeCloseTo(v, 4);
    };
    close(crop({ top: 0, left: 0, height: 4, width: 4 }, 4), ramp.numbers());
    close(crop({ top: 1, left: 2, height: 2, width: 2 }, 2), [6, 7, 10, 11]);
    // 4 → 2: three pixels of each row and column weigh 3, 3 and 1 sevenths
    close(crop({ top: 0, left: 0, height: 4, width: 4 }, 2), [25 / 7, 36 / 7, 69 / 7, 80 / 7]);
    // one pixel, stretched: those outside of the box count for nothing
    close(crop({ top: 0, left: 0, height: 1, width: 1 }, 2), [0, 0, 0, 0]);
  });
});

test("boxes have torchvision's area and aspect, lie inside, and fall back to the centre", () => {
  const stream = root.at("boxes");
  const areas: number[] = [];
  for (let i = 0; i < 2000; i++) {
    const box = randomBox(200, 300, [0.08, 1], [3 / 4, 4 / 3], stream);
    expect(box.top >= 0 && box.left >= 0 && box.top + box.height <= 200 && box.left + box.width <= 300).toBe(
      true,
    );
    const aspect = box.width / box.height;
    expect(aspect).toBeGreaterThan(0.74);
    expect(aspect).toBeLessThan(1.51);
    areas.push((box.width * box.height) / 60_000);
  }
  expect(Math.min(...areas)).toBeLessThan(0.1);
  // in a square image with square boxes every draw fits: the area is uniform
  const draws = Array.from({ length: 2000 }, () => randomBox(500, 500, [0.2, 1], [1, 1], stream));
  const mean = (values: number[]) => values.reduce((a, b) => a + b) / values.length;
  expect(Math.abs(mean(draws.map((box) => (box.width * box.height) / 250_000)) - 0.6)).toBeLessThan(0.015);
  expect(Math.abs(mean(draws.map((box) => box.left / (500 - box.width + 1e-9))) - 0.5)).toBeLessThan(0.03);
  // small boxes always fit: the logarithm of the aspect is uniform
  const small = Array.from({ length: 2000 }, () => randomBox(500, 500, [0.2, 0.3], [0.5, 2], stream));
  const logs = small.map((box) => Math.log2(box.width / box.height));
  expect(Math.abs(mean(logs))).toBeLessThan(0.04);
  expect(Math.abs(mean(logs.map((v) => v * v)) - 1 / 3)).toBeLessThan(0.03);
  const whole = randomBox(10, 100, [1, 1], [3 / 4, 4 / 3], stream);
  expect(whole).toEqual({ top: 0, left: 43, height: 10, width: 13 });
});

test("a random resized crop of a ramp keeps its slope's sign and its range; resize keeps the mean", () => {
  scope(() => {
    const images = counting(8, 3, 9, 9);
    const out = augment.randomResizedCrop(images, [0.2, 1], 5, root.at("resized"));
    expect([out.shape, out.dtype]).toEqual([[8, 3, 5, 5], "float32"]);
    const whole = augment.randomResizedCrop(images, [1, 1], 9, root.at("resized"), [1, 1]);
    expect(whole.sub(images.to("float32")).abs().max().item()).toBeLessThan(1e-3);
    const small = augment.resize(images.narrow(0, 0, 1), 3);
    expect(small.shape).toEqual([1, 3, 3, 3]);
    const mean = (x: Tensor) => x.to("float32").mean().item();
    expect(Math.abs(mean(small) - mean(images.narrow(0, 0, 1)))).toBeLessThan(0.5);
  });
});

test("mixup pairs images and labels by the same permutation", () => {
  scope(() => {
    const labels = tensor(BigInt64Array.from({ length: 6 }, (_, i) => BigInt(i)));
    const images = tensor(
      Float32Array.from({ length: 6 }, (_, i) => i),
      { shape: [6, 1, 1, 1] },
    );
    const { images: mixed, other, lambda } = augment.mixup(images, labels, 0.8, root.at("mixup"));
    const partner = other.numbers();
    expect(partner.toSorted()).toEqual([0, 1, 2, 3, 4, 5]);
    for (const [i, v] of mixed.numbers().entries())
      expect(v).toBeCloseTo(lambda * i + (1 - lambda) * partner[i]!, 5);
  });
});

test("beta has mean 1/2 and variance 1 / (4 (2α + 1))", () => {
  for (const alpha of [0.01, 0.2, 1, 3]) {
    const stream = root.at(`beta.${alpha}`);
    const draws = Array.from({ length: 4000 }, () => beta(alpha, stream));
    const mean = draws.reduce((a, b) => a + b) / draws.length;
    const variance = draws.reduce((a, b) => a + (b - mean) ** 2, 0) / draws.length;
    expect(draws.every((v) => v >= 0 && v <= 1)).toBe(true);
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.03);
    expect(Math.abs(variance * 4 * (2 * alpha + 1) - 1)).toBeLessThan(0.06);
  }
  expect(() => beta(0, root)).toThrow("alpha is 0");
});

test("erasing sets one rectangle to 0, in the chosen share of images", () => {
  scope(() => {
    const images = tensor(new Float32Array(200 * 2 * 12 * 10).fill(Number.POSITIVE_INFINITY), {
      shape: [200, 2, 12, 10],
    });
    const out = augment.randomErase(images, 0.5, root.at("erase")).numbers();
    let erased = 0;
    for (let i = 0; i < 200; i++) {
      const one = out.slice(i * 240, (i + 1) * 240);
      expect(one.slice(0, 120)).toEqual(one.slice(120));
      const zero = [...one.slice(0, 120).entries()].filter(([, v]) => v === 0).map(([p]) => p);
      if (zero.length === 0) continue;
      erased++;
      const [rows, columns] = [zero.map((p) => Math.floor(p / 10)), zero.map((p) => p % 10)];
      const span = (v: number[]) => Math.max(...v) - Math.min(...v) + 1;
      expect(span(rows) * span(columns)).toBe(zero.length);
      expect(zero.length / 120).toBeLessThan(0.4);
    }
    expect(Math.abs(erased - 100)).toBeLessThan(30);
    expect(
      augment
        .randomErase(images, 0, root)
        .numbers()
        .every((v) => v > 0),
    ).toBe(true);
  });
});

test("the same stream gives the same images, another stream others", () => {
  scope(() => {
    const images = counting(16, 1, 6, 6);
    const all = (seed: number) => {
      const r = random(seed);
      let x = augment.randomFlip(augment.randomCrop(images, 2, r.at("crop")), r.at("flip"));
      x = augment.randomErase(augment.randomResizedCrop(x, [0.3, 1], 6, r.at("resized")), 0.5, r.at("erase"));
      return x.numbers();
    };
    expect(all(1)).toEqual(all(1));
    expect(all(1)).not.toEqual(all(2));
  });
});
