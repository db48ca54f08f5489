import { expect, test } from "vitest";
import { forAll } from "../../../test/for-all.ts";
import { errorsAt } from "./gaussian-attention.ts";

test("attention is the weighted kernel, whatever the sizes; without weights it is not", () => {
  forAll({ n: [2, 40], p: [1, 20], spread: [0, 200] }, 30, ({ n, p, spread }, random) => {
    expect(errorsAt(random, { n, p, spread }).weighted).toBeLessThan(1e-12);
    expect(errorsAt(random, { n, p, spread: 0 }).plain).toBeLessThan(1e-12);
  });
  forAll({ n: [8, 40], p: [8, 20] }, 10, ({ n, p }, random) => {
    expect(errorsAt(random, { n, p, spread: 200 }).plain).toBeGreaterThan(0.05);
  });
});
