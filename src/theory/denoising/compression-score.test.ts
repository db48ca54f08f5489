import { expect, test } from "vitest";
import { forAll } from "../../../test/for-all.ts";
import { agreement } from "./regimes.ts";

test("where the conditions hold −∇Rᶜ is near the score and selective; where N/K ≫ p it is not", () => {
  forAll({ K: [3, 6], p: [16, 32] }, 12, ({ K, p }, random) => {
    const size = { d: K * p, K, p, sigma: 0.01, epsilon: 0.1 };
    const good = agreement(random.at("good"), { ...size, perSubspace: Math.floor(p / 5) });
    const poor = agreement(random.at("poor"), { ...size, perSubspace: 8 * p });
    expect(good.cosine).toBeGreaterThan(0.7);
    expect(good.selectivity).toBeGreaterThan(10);
    expect(poor.selectivity).toBeLessThan(1.6);
  });
});
