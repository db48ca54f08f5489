import { expect, test } from "vitest";
import { loadTensors, random, scope, type Tensor } from "../../tensor/index.ts";
import { OPERATIONS, randAugment } from "./rand-augment.ts";

const path = new URL("../../../test/augment/rand-augment.safetensors", import.meta.url).pathname;

test("randAugment: every operation is torchvision's on bytes, at magnitude 14 of 30, in both directions", () => {
  scope(() => {
    const { tensors } = loadTensors(path);
    const x = tensors.get("images")!.to("float32");
    for (const [name, operation] of Object.entries(OPERATIONS))
      for (const [suffix, sign] of [["", 1] as const, ["-", -1] as const]) {
        const expected = tensors.get(`${name}${suffix}`);
        if (expected === undefined) continue;
        const found = operation(x, 14 / 30, [sign, sign]);
        const off = found.sub(expected.to("float32")).abs();
        expect([name, suffix, off.max().item()]).toEqual([name, suffix, 0]);
      }
  });
});

test("images are changed alone, by the seed; magnitude 0 moves nothing, and spreads tones where drawn", () => {
  scope(() => {
    const x = random(1).uniform([64, 3, 8, 8], 0, 255);
    const once = (images: Tensor, magnitude = 14) =>
      randAugment(images, { count: 2, magnitude }, random(7)).numbers();
    expect(once(x)).toEqual(once(x));
    expect(new Set(once(x)).size).toBeGreaterThan(100);
    expect(Math.max(...once(x))).toBeLessThanOrEqual(255);
    expect(once(x).every(Number.isInteger)).toBe(true);
    // the first image's draws do not depend on how many follow
    expect(once(x.narrow(0, 0, 1)).length).toBe(192);
    expect(() => once(x, 31)).toThrow("expected a magnitude of 0 to 30, got 31");
  });
});
