import { expect, test } from "vitest";
import { mcr2Loss } from "../rate/index.ts";
import { gradients, noGrad, random, scope, type Tensor } from "../tensor/index.ts";
import { createModel, ResNet } from "./index.ts";

// rate-reduction.md §1.3, features 128
test.each([
  ["resnet18", 3, 11_497_664],
  ["resnet18ctrl", 3, 3_546_432],
  ["resnet10mnist", 1, 1_699_776],
  ["resnet18stl", 3, 735_072],
  ["vgg11", 3, 9_559_946 - 5_130], // without the classifier that nothing reads
  ["resnext29", 3, 9_709_504],
])("%s for %d channels has %d parameters", (name, channels, count) => {
  using encoder = createModel(name, { channels }, random(0));
  expect(encoder.parameterCount()).toBe(count);
});

test("names are the official ones", () => {
  using resnet = createModel("resnet18", {}, random(0));
  const names = [...resnet.stateDict().keys()];
  for (const name of [
    "conv1.weight",
    "bn1.running_var",
    "layer1.0.conv1.weight",
    "layer2.0.shortcut.0.weight",
    "layer2.0.shortcut.1.num_batches_tracked",
    "layer4.1.bn2.bias",
    "reshape.0.weight",
    "reshape.1.weight",
    "reshape.3.bias",
  ])
    expect(names).toContain(name);
  expect(names.some((name) => name.startsWith("layer1.0.shortcut") || name === "reshape.0.bias")).toBe(false);
  using vgg = createModel("vgg11", {}, random(0));
  const features = [...vgg.stateDict().keys()];
  for (const name of ["features.0.bias", "features.1.running_mean", "features.4.weight", "features.26.bias"])
    expect(features).toContain(name);
  expect(features).toContain("classifier.weight");
});

/** Small enough to run in a test, with every kind of part. */
const tiny = (head: boolean, pool = false): ResNet => {
  const stem = { width: 4, kernel: 3, stride: 1, padding: 1, pool };
  const options = { dim: 6, channels: 2, widths: head ? [4, 8] : [4, 6], blocks: 2, stem, head };
  return scope(() => new ResNet(options, random(1)));
};

test("features lie on the sphere; without a head they are not negative", () => {
  scope(() => {
    const X = random(2).uniform([5, 2, 12, 12]);
    for (const head of [true, false]) {
      using net = tiny(head, !head);
      const Z = net.eval().apply(X);
      expect(Z.shape).toEqual([5, 6]);
      for (const length of Z.norm([1]).numbers()) expect(length).toBeCloseTo(1, 5);
      expect(Z.min().item() >= 0).toBe(!head);
    }
  });
});

test("a few steps on MCR² raise the rate reduction", () => {
  using net = tiny(true);
  scope(() => {
    const labels = random(3).integers([24], 0, 3);
    const X = random(4)
      .normal([24, 2, 8, 8])
      .add(labels.to("float32").reshape([-1, 1, 1, 1]));
    const parameters = net.parameters();
    const loss = (): Tensor => mcr2Loss(net.apply(X), labels, 3, { epsilon: Math.SQRT1_2 }).loss;
    const first = loss().item();
    for (let i = 0; i < 8; i++)
      scope(() => {
        const slopes = gradients(loss(), parameters);
        noGrad(() => {
          for (const [p, slope] of slopes.entries()) parameters[p]!.sub_(slope.mul(0.05));
        });
      });
    expect(loss().item()).toBeLessThan(first - 0.1);
  });
});

test("errors name what was expected", () => {
  expect(() => createModel("resnet81", {}, random(0))).toThrow('did you mean "resnet18"');
  const stem = { width: 4, kernel: 3, stride: 1, padding: 1 };
  const options = { dim: 7, channels: 1, widths: [4], blocks: 1, stem, head: false };
  expect(() => scope(() => new ResNet(options, random(0)))).toThrow(
    "the last width 4 is the dimension, got 7",
  );
});
