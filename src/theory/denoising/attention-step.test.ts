import { expect, test } from "vitest";
import { forAll } from "../../../test/for-all.ts";
import { rateChanges } from "./attention-step.ts";

test("the derived steps lower Rᶜ and the coded one raises it, whatever the sizes", () => {
  forAll({ K: [2, 6], p: [6, 16], perSubspace: [4, 8] }, 30, ({ K, p, perSubspace }, random) => {
    const change = rateChanges(random, { K, p, perSubspace });
    expect(change["Z − .2 ∇R^c"]).toBeLessThan(0);
    expect(change[".9 Z + .1 M"]).toBeLessThan(0);
    expect(change[".5 Z + .5 M"]).toBeLessThan(0);
    expect(change["Z + M"]).toBeGreaterThan(0);
  });
});
