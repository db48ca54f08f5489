import { expect, test } from "vitest";
import { forAll } from "../../../test/for-all.ts";
import { codingRate, rateAgainstAffinity } from "../../rate/index.ts";
import { full } from "../../tensor/index.ts";
import { identity, normal, WIDE } from "../sample.ts";
import { membershipRate, middleAboveChord, sinkhorn, unitFeatures } from "./membership-curvature.ts";

test("Rᶜ is concave between any two doubly stochastic matrices", () => {
  forAll({ n: [2, 12], d: [1, 6] }, 12, ({ n, d }, random) => {
    expect(middleAboveChord(random, n, d)).toBeGreaterThan(-1e-12);
  });
});

test("Rᶜ has its least value at I and is R at 11ᵀ/n; Sinkhorn's matrices lie between", () => {
  forAll({ n: [2, 12], d: [1, 6] }, 12, ({ n, d }, random) => {
    const Z = unitFeatures(random.at("Z"), n, d);
    const least = membershipRate(Z, identity(n)).item();
    const most = membershipRate(Z, full([n, n], 1 / n, WIDE)).item();
    const Gamma = sinkhorn(normal(random.at("scores"), [n, n]).mul(2));
    const between = membershipRate(Z, Gamma).item();
    const library = rateAgainstAffinity(Z, Gamma, { epsilon: Math.SQRT1_2 }).item();
    expect(Math.abs(library - between)).toBeLessThan(1e-9);
    expect(Math.abs(least - 0.5 * Math.log1p(2 * d))).toBeLessThan(1e-12);
    expect(Math.abs(most - codingRate(Z, { epsilon: Math.SQRT1_2 }).item())).toBeLessThan(1e-12);
    expect(between).toBeGreaterThanOrEqual(least - 1e-9);
    expect(between).toBeLessThanOrEqual(most + 1e-9);
  });
});
