import { expect, test } from "vitest";
import { collectGarbage } from "../../test/gc.ts";
import { memory, scope, type Tensor, tensor, zeros } from "../tensor/index.ts";
import { Linear } from "./linear.ts";
import { Module } from "./module.ts";

const live = (): number => memory().tensors;

test("a module in the result keeps its parameter alive", () => {
  let held: Tensor | undefined;
  scope(() => {
    held = zeros([2]);
    return new Linear(held);
  });
  expect(held!.numbers()).toEqual([0, 0]);
  held!.dispose();
});

class Scale extends Module {
  readonly s: Tensor;
  constructor() {
    super();
    this.s = this.parameter("s", tensor([2]));
  }
  protected forward(x: Tensor): Tensor {
    return x.mul(this.s).add(1).sub(1);
  }
}

test("parameters made in a scope outlive it; a module's forward leaves only its result", () => {
  let model: Scale | undefined;
  scope(() => {
    model = new Scale();
  });
  using x = tensor([3]);
  const before = live();
  using y = model!.apply(x);
  expect([y.item(), live() - before]).toEqual([6, 1]);
  model!.dispose();
});

test("a parameter moved inside a scope keeps its owner", async () => {
  let model: Scale | undefined = new Scale();
  scope(() => model!.to("float64") && undefined);
  expect([model.s.dtype, model.s.item()]).toEqual(["float64", 2]);
  model.dispose();
  const escaped = scope(() => tensor([1]).become_(tensor([5, 6])));
  expect(escaped.numbers()).toEqual([5, 6]);
  escaped.dispose();
  model = undefined;
  await collectGarbage();
});
