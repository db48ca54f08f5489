import { expect, test } from "vitest";
import { forAll } from "../../../test/for-all.ts";
import { recoveryError } from "./sparsity-inverse.ts";

test("D undoes ISTA exactly for η = 1, λ = 0 and positive codes, and otherwise does not", () => {
  forAll({ d: [2, 24] }, 25, ({ d }, random) => {
    const exact = { eta: 1, lambda: 0, positive: true };
    expect(recoveryError(random, d, exact)).toBeLessThan(1e-12);
    expect(recoveryError(random, d, { ...exact, lambda: 0.1 })).toBeGreaterThan(0.01);
    expect(recoveryError(random, d, { ...exact, eta: 0.1 })).toBeGreaterThan(0.1);
  });
});
