import { expect, test } from "vitest";
import { forAll } from "../../../test/for-all.ts";
import { gradients, type Tensor } from "../../tensor/index.ts";
import { largestDifference } from "../closed-forms.ts";
import { normal } from "../sample.ts";
import { encoded, makeGame, pairDistance, pairGradient, projected } from "./linear-game.ts";

test("the decoder's closed gradient is autograd's", () => {
  forAll({ d: [2, 8], a: [1, 3], b: [1, 3] }, 20, ({ d, a, b }, random) => {
    const { moments, count } = makeGame(random.at("game"), 8, [a, b], 30);
    const A = encoded(normal(random.at("F"), [d, 8]), moments);
    const P = normal(random.at("P"), [d, d]).setRequiresGrad();
    const [slope] = gradients(pairDistance(A, encoded(P, A), count), [P]) as [Tensor];
    expect(largestDifference(pairGradient(A, P.detach(), count), slope)).toBeLessThan(1e-10);
  });
});

test("the projection keeps every class within its energy, and what is within it as it is", () => {
  forAll({ d: [2, 8], a: [1, 3], b: [1, 3], tenths: [1, 40] }, 25, ({ d, a, b, tenths }, random) => {
    const { moments, count } = makeGame(random.at("game"), 8, [a, b], 30);
    const F = normal(random.at("F"), [d, 8]).mul(tenths / 10);
    const P = projected(F, moments, count);
    const energies = encoded(P, moments).diagonal().sum(-1).div(count).numbers();
    for (const energy of energies) expect(energy).toBeLessThan(1 + 1e-6);
    expect(largestDifference(projected(P.mul(0.9), moments, count), P.mul(0.9))).toBeLessThan(1e-12);
  });
});
