import { expect, test } from "vitest";
import { random, scope } from "../../tensor/index.ts";
import { gaussianMixture } from "./gaussians.ts";
import { ClassGrams } from "./grams.ts";

const options = { layers: 20, epsilon: Math.sqrt(0.1), eta: 0.5, sharpness: 200 };

test("ClassGrams: classes that come one after the other give the network of all at once", () => {
  const { X, labels, classes } = gaussianMixture(3, { set: 1, perClass: 60 }, random(0).at("train"));
  using joint = new ClassGrams();
  using stepwise = new ClassGrams();
  joint.add(X, labels);
  scope(() => {
    for (let k = 0; k < classes; k++)
      for (const part of [0, 30])
        stepwise.add(X.narrow(0, 60 * k + part, 30), labels.narrow(0, 60 * k + part, 30));
  });
  using a = joint.build(options);
  using b = stepwise.build(options);
  scope(() => {
    for (const [l, layer] of a.layers.entries())
      expect(layer.operators.sub(b.layers[l]!.operators).abs().max().item()).toBeLessThan(1e-5);
    expect(a.predict(X).eq(labels).to("float32").mean().item()).toBe(1);
  });
  expect(stepwise.bytes).toBe(3 * 9 * 8);
  X.dispose();
  labels.dispose();
});

test("a class that is missing and samples of another dimension are refused", () => {
  const { X, labels } = gaussianMixture(2, { set: 1, perClass: 5 }, random(0));
  using grams = new ClassGrams();
  scope(() => grams.add(X.narrow(0, 5, 5), labels.narrow(0, 5, 5)));
  expect(() => grams.build(options)).toThrow("expected classes 0 to 0, got 1");
  const other = gaussianMixture(3, { set: 1, perClass: 5 }, random(0));
  expect(() => grams.add(other.X, other.labels)).toThrow("expected samples of dimension 2, got 3");
  for (const tensor of [X, labels, other.X, other.labels]) tensor.dispose();
});
