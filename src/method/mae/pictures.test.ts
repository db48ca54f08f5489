import { expect, test } from "vitest";
import { expectClose } from "../../../test/close.ts";
import { createModel, maskedTarget, randomMask } from "../../model/index.ts";
import { patchify } from "../../nn/index.ts";
import { noGrad, random, scope, tensor } from "../../tensor/index.ts";
import { cka } from "./inverse.ts";
import { parseMask, reconstruct } from "./pictures.ts";

test("a mask is rows of zeros and ones, whatever stands between them", () => {
  const expected = [0, 1, 1, 1, 0, 0];
  for (const text of ["011 100", "011/100", " 011,\n100 "]) expect(parseMask(text, [2, 3])).toEqual(expected);
});

test.each([
  ["another grid", "01 10", "--mask: expected 2 rows of 3 zeros and ones such as 010, received"],
  ["other signs", "01x 100", "expected 2 rows of 3 zeros and ones"],
  ["nothing removed", "000 000", "expected some patches to be removed (1) and some to stay (0)"],
  ["nothing left", "111 111", "expected some patches to be removed"],
  ["nothing", "", "expected 2 rows of 3"],
])("%s is refused", (_, text, message) => {
  expect(() => parseMask(text, [2, 3])).toThrow(message);
});

test("visible patches stay, hidden ones are the prediction, scaled back where it was normalised", () =>
  scope(() => {
    const sizes = { imageSize: 8, patch: 4, channels: 1, dim: 8, depth: 1, heads: 2 };
    using mae = createModel("crate_mae", sizes, random(1));
    const X = random(2).normal([3, 1, 8, 8]);
    const mask = randomMask(random(3).uniform([3, 4]), 0.5);
    const hidden = mask.unsqueeze(-1);
    const shown = hidden.neg().add(1);
    const prediction = noGrad(() => mae.apply(X, mask));
    const made = patchify(reconstruct(mae, X, mask), 4);
    expectClose(made, patchify(X, 4).mul(shown).add(prediction.mul(hidden)));
    // normalised: the same as predicting T = (x − m)/s for x
    const scaled = patchify(reconstruct(mae, X, mask, true), 4);
    const T = maskedTarget(X, 4, true);
    const gap = scaled.sub(patchify(X, 4)).mul(hidden);
    const deviation = patchify(X, 4).var(-1, 1, true).add(1e-6).sqrt();
    expectClose(gap, prediction.sub(T).mul(deviation).mul(hidden), 1e-4);
  }));

test("linear alignment is 1 for a rotated, scaled and shifted copy and small for independent tokens", () =>
  scope(() => {
    const X = random(1).normal([400, 3], { dtype: "float64" });
    const turn = tensor(
      [
        [0, -2, 0],
        [2, 0, 0],
        [0, 0, 2],
      ],
      { dtype: "float64" },
    );
    expect(cka(X, X.matmul(turn).add(5)).item()).toBeCloseTo(1, 10);
    expect(cka(X, random(2).normal([400, 3], { dtype: "float64" })).item()).toBeLessThan(0.05);
  }));
