import { expect, test } from "vitest";
import { forAll } from "../../../test/for-all.ts";
import { recoveryError } from "./sparsity-inverse.ts";

test("D undoes ISTA exactly for η = 1, λ = 0 and positive codes, and otherwise does not", () => {
  forAll({ d: [2, 24] }, 25, ({ d }, random) => {
    const exact = { step: 1, threshold: 0, positive: true };
    expect(recoveryError(random, d, exact)).toBeLessThan(1e-12);
    expect(recoveryError(random, d, { ...exact, threshold: 0.1 })).toBeGreaterThan(0.01);
    expect(recoveryError(random, d, { ...exact, step: 0.1 })).toBeGreaterThan(0.1);
  });
});
