import { expect, test } from "vitest";
import { forAll } from "../../../test/for-all.ts";
import { makeGame } from "./linear-game.ts";
import { bestReduction, stationarity } from "./linear-optimum.ts";

test("the built optimum is stationary and has the closed form of ΔR, whatever the dimensions", () => {
  forAll({ a: [1, 4], b: [1, 4], spare: [0, 6] }, 15, ({ a, b, spare }, random) => {
    const game = makeGame(random.at("game"), 20, [a, b], 40);
    const found = stationarity(random.at("O"), game, a + b + spare);
    expect(found.residual).toBeLessThan(1e-9);
    expect(found.pairs).toBeLessThan(1e-9);
    expect(found.energy).toBeLessThan(1e-9);
    expect(Math.abs(found.reduction - bestReduction([a, b], a + b + spare))).toBeLessThan(1e-9);
  });
});
