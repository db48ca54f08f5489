import { expect, test } from "vitest";
import { forAll } from "../../../test/for-all.ts";
import { gains, layerError } from "./layer-ascent.ts";

test("a small step raises ΔR by η‖P∇ΔR‖², and the library's layer is that step", () => {
  forAll({ K: [2, 4], count: [4, 20], spare: [0, 4] }, 25, ({ K, count, spare }, random) => {
    const d = 2 * K + spare;
    const { along, slope } = gains(random.at("gains"), K, count, d, [1e-5]);
    expect(Math.abs(along[0]! / (1e-5 * slope) - 1)).toBeLessThan(0.01);
    expect(layerError(random.at("layer"), K, count, d)).toBeLessThan(1e-10);
  });
});
