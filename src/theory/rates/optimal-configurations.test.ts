import { expect, test } from "vitest";
import { forAll } from "../../../test/for-all.ts";
import { closedForm, measuredRates, randomReduction } from "./optimal-configurations.ts";

test("orthogonal isotropic classes have the closed forms, whatever their ranks", () => {
  forAll({ a: [1, 4], b: [1, 4], spare: [0, 3], tenths: [2, 20] }, 30, ({ a, b, spare, tenths }, random) => {
    const configuration = { d: a + b + spare, ranks: [a, b], epsilon: tenths / 10 };
    const found = measuredRates(random, { ...configuration, count: 12 });
    const form = closedForm(configuration);
    expect(Math.abs(found.rate / form.rate - 1)).toBeLessThan(1e-12);
    expect(Math.abs(found.compression / form.compression - 1)).toBeLessThan(1e-12);
  });
});

test("no random configuration is above the optimum for its dimension", () => {
  forAll({ K: [2, 3], r: [1, 4], rank: [1, 4] }, 30, ({ K, r, rank }, random) => {
    const epsilon = Math.SQRT1_2;
    const all = (value: number) => new Array<number>(K).fill(value);
    const best = closedForm({ d: K * r, ranks: all(r), epsilon }).reduction;
    const ranks = all(Math.min(rank, K * r));
    expect(randomReduction(random, { d: K * r, count: 12, ranks, epsilon })).toBeLessThanOrEqual(best);
  });
});
