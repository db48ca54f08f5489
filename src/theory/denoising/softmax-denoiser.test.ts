import { expect, test } from "vitest";
import { forAll } from "../../../test/for-all.ts";
import { denoiserErrors } from "./softmax-denoiser.ts";

test("the error is of the order of σ², and denoising lowers the distance to the clean tokens", () => {
  forAll({ K: [2, 4], p: [2, 6], percent: [1, 10] }, 25, ({ K, p, percent }, random) => {
    const sigma = percent / 100;
    const found = denoiserErrors(random, { d: K * p + 4, K, p, n: 50 * K }, sigma);
    expect(found.relative).toBeLessThan(3 * sigma ** 2 + 0.01);
    expect(found.denoised).toBeLessThan(found.noisy);
  });
});
