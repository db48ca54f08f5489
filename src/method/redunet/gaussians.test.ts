import { expect, test } from "vitest";
import { accuracy, nearestSubspace } from "../../evaluate/classify/index.ts";
import { random, scope } from "../../tensor/index.ts";
import { buildReduNet, gaussianMixture, type LayerRates } from "./index.ts";

const [plane, space] = [0.8756, 1.8798];

// rate-reduction.md §1.14: the authors' values after 200 layers, with their draws; ours are other draws
test.each([
  [2, 1, 0.8756, plane],
  [2, 2, 0.8719, plane],
  [2, 3, 0.8674, plane],
  [2, 5, 0.8716, plane],
  [3, 1, 1.8798, space],
  [3, 2, 1.8612, space],
  [3, 3, 1.8711, space],
] as const)("Gaussians in %d-d, set %d: ΔR rises to %d, below its bound", (dimension, set, end, bound) => {
  scope(() => {
    const options = { set, perClass: 100 };
    const train = gaussianMixture(dimension, options, random(0).at("train"));
    const test = gaussianMixture(dimension, options, random(0).at("test"));
    const rates: LayerRates[] = [];
    const { classes, labels } = train;
    const report = (_: number, r: LayerRates) => rates.push(r);
    const { net, features } = buildReduNet(train.X, labels, { layers: 200, classes, sharpness: 200, report });
    using _owner = net;
    const reductions = rates.map(({ rate, predicted }) => rate - predicted);
    expect(Math.abs(reductions.at(-1)! - end)).toBeLessThan(1e-3);
    expect(reductions.at(-1)!).toBeLessThan(bound + 1e-4);
    for (let l = 1; l < 200; l++) expect(reductions[l]! - reductions[l - 1]!).toBeGreaterThan(-2e-6);
    const last = rates.at(-1)!;
    expect(last.accuracy).toBe(1);
    expect(last.true).toBeCloseTo(last.predicted, 6);
    expect(last.stored).toBeCloseTo(last.predicted, 6);

    expect(accuracy(net.predict(test.X), test.labels)).toBe(1);
    const components = dimension - 1;
    for (const count of [1, components]) {
      using fitted = nearestSubspace(features, labels, { classes, components: count, centred: false });
      expect(accuracy(fitted.predict(features), labels)).toBe(1);
      expect(accuracy(fitted.predict(net.transform(test.X)), test.labels)).toBe(1);
    }
  });
});

test("six classes in the plane are more than it has orthogonal lines for", () => {
  scope(() => {
    const { X, labels, classes } = gaussianMixture(2, { set: 8, perClass: 50 }, random(0));
    const { net } = buildReduNet(X, labels, { layers: 100, classes, sharpness: 200 });
    using _owner = net;
    const right = accuracy(net.predict(X), labels);
    expect(right).toBeGreaterThan(0.5);
    expect(right).toBeLessThan(0.8);
  });
});

test("points lie on the sphere, class after class; a set that is not there is refused", () => {
  scope(() => {
    const { X, labels } = gaussianMixture(3, { set: 3, perClass: 4 }, random(1));
    expect(X.shape).toEqual([12, 3]);
    for (const length of X.norm([1]).numbers()) expect(length).toBeCloseTo(1, 6);
    expect(labels.numbers()).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]);
    expect(() => gaussianMixture(3, { set: 4, perClass: 1 }, random(0))).toThrow(
      "a set from 1 to 3 in 3-d, got 4",
    );
  });
});
