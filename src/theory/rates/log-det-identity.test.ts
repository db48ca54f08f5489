import { expect, test } from "vitest";
import { forAll } from "../../../test/for-all.ts";
import { disagreement } from "./log-det-identity.ts";

test("both sides give one rate, whatever the shape", () => {
  forAll({ n: [1, 30], d: [1, 30], tenths: [2, 40] }, 60, ({ n, d, tenths }, random) => {
    expect(disagreement(random, [n, d], tenths / 10)).toBeLessThan(1e-10);
  });
});
