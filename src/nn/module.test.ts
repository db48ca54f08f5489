import { expect, test } from "vitest";
import { memory, random, scope, type Tensor, tensor } from "../tensor/index.ts";
import { Linear, linear, Module, modulePaths, record } from "./index.ts";

/** x → W₂ ReLU(W₁ x): two names for everything. */
class Pair extends Module {
  readonly first = this.child("first", linear(3, 4, random(1)), "layers.0");
  readonly second = this.child("second", linear(4, 2, random(2)), "layers.1");

  protected forward(x: Tensor): Tensor {
    return this.second.apply(this.probe("hidden", this.first.apply(x).relu()));
  }
}

const pair = () => scope(() => new Pair());
const input = () => random(3).normal([5, 3]);

test("parameters carry the official names, probes the paper's", () => {
  using model = pair();
  expect([...model.namedParameters().keys()]).toEqual([
    "layers.0.weight",
    "layers.0.bias",
    "layers.1.weight",
    "layers.1.bias",
  ]);
  expect(modulePaths(model)).toEqual(["", "first", "second"]);
  expect(model.parameterCount()).toBe(3 * 4 + 4 + 4 * 2 + 2);
});

test("applying leaves only the output", () => {
  using model = pair();
  using x = input();
  const before = memory().tensors;
  using output = model.apply(x);
  expect(output.shape).toEqual([5, 2]);
  expect(memory().tensors).toBe(before + 1);
});

test("a probe records an intermediate, the output is what it was without", () => {
  using model = pair();
  using x = input();
  const { result, found } = record(model, ["hidden", "*"], () => model.apply(x));
  expect([...found.keys()].sort()).toEqual(["first", "hidden", "second"]);
  scope(() => {
    expect(found.get("hidden")!.toArray()).toEqual(found.get("first")!.relu().toArray());
    expect(found.get("second")!.toArray()).toEqual(model.apply(x).toArray());
  });
  for (const tensor of [result, ...found.values()]) tensor.dispose();
});

test("a probe that shows nothing is an error with the nearest path", () => {
  using model = pair();
  using x = input();
  expect(() => scope(() => record(model, ["secnod"], () => model.apply(x)))).toThrow(/"secnod".*"second"/);
});

test("loading checks names and shapes, and strips module.", () => {
  using model = pair();
  using other = pair();
  scope(() => {
    const state = new Map(
      [...other.namedParameters()].map(([name, t]) => [`module.${name}`, t.detach().mul(2)]),
    );
    model.load(state);
    expect(model.first.W.toArray()).toEqual(other.first.W.mul(2).toArray());
    state.delete("module.layers.1.bias");
    expect(() => model.load(state)).toThrow('the checkpoint has no "layers.1.bias"');
    state.set("layers.1.bais", tensor([1, 2]));
    expect(() => model.load(state)).toThrow(
      /"layers.1.bais", which this model has not \(did you mean "layers.1.bias"/,
    );
    state.delete("layers.1.bais");
    state.set("layers.1.bias", tensor([1, 2, 3]));
    expect(() => model.load(state)).toThrow(
      '"layers.1.bias": the model has [2] float32, the checkpoint [3] float32',
    );
  });
});

test("moving to another dtype keeps the objects that optimisers hold", () => {
  using model = pair();
  const { W } = model.first;
  model.to("float64");
  expect(W.dtype).toBe("float64");
  expect(W.requiresGrad).toBe(true);
  expect(model.first.W).toBe(W);
});

test("Linear is x Wᵀ + b", () => {
  scope(() => {
    const layer = new Linear(
      tensor([
        [1, 2],
        [3, 4],
        [5, 6],
      ]),
      tensor([10, 20, 30]),
    );
    expect(layer.apply(tensor([[1, 1]])).toArray()).toEqual([[13, 27, 41]]);
    layer.dispose();
  });
});
