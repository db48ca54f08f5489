import { expect, test } from "vitest";
import { forAll } from "../../../test/for-all.ts";
import { geometry, learn } from "./mcr2-geometry.ts";

test("a few steps of MCR² already lower the loss and turn classes apart", () => {
  forAll({}, 2, (_, random) => {
    const [first, later] = [learn(random, "mcr2", 1), learn(random, "mcr2", 60)];
    expect(later.course.at(-1)!).toBeLessThan(first.course[0]!);
    expect(geometry(later.Z).cross).toBeLessThan(geometry(first.Z).cross);
  });
});
