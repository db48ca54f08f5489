import { expect, test } from "vitest";
import { forAll } from "../../../test/for-all.ts";
import { attentionWithin } from "./attention-concentration.ts";

test("attention goes to the own subspace as the signal grows", () => {
  forAll({ K: [2, 5], p: [8, 24], perSubspace: [2, 8] }, 25, ({ K, p, perSubspace }, random) => {
    const shares = [0, 2, 8].map((signal) => attentionWithin(random, { K, p, perSubspace }, signal));
    expect(shares[1]!).toBeGreaterThan(shares[0]!);
    expect(shares[2]!).toBeGreaterThan(0.99);
  });
});
