import { expect, test } from "vitest";
import { forAll } from "../../../test/for-all.ts";
import { gains } from "./attention-only.ts";

test("the first layer gains exactly 1 + ητ where noise is small", () => {
  forAll({ K: [2, 4], each: [4, 30], step: [1, 10] }, 12, ({ K, each, step }, random) => {
    const setting = { N: K * each, K, p: 64, step: step / 10, threshold: 0.501 };
    const [gain] = gains(random, setting, 0.02, 1);
    expect(Math.abs(gain! - (1 + setting.step * setting.threshold))).toBeLessThan(1e-9);
  });
});
