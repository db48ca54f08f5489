/** @file The tracer: operators with their arguments by name, what is live, and what is refused. */

import { expect, test } from "vitest";
import { aten, isTensor, native, random, scope, tensor, trace } from "./index.ts";
import { parseSchema } from "./schema.ts";

test("a schema names its arguments, which of them are tensors, and what they are by default", () => {
  const {
    operator,
    inPlace,
    arguments: found,
  } = parseSchema(
    'aten::f.x(Tensor(a) self, Tensor?[] many, int[2] stride=[1, 1], *, float p=0., bool on=False, str how="none", int? n=None) -> (Tensor, Tensor)',
  );
  expect([operator, inPlace]).toEqual(["f.x", false]);
  expect(found.map(({ name, tensor }) => [name, tensor])).toEqual([
    ["self", true],
    ["many", true],
    ["stride", false],
    ["p", false],
    ["on", false],
    ["how", false],
    ["n", false],
  ]);
  expect(found.map((argument) => argument.default)).toEqual([
    undefined,
    undefined,
    [1, 1],
    0,
    false,
    "none",
    null,
  ]);
  expect(
    parseSchema("aten::add_.Tensor(Tensor(a!) self, Tensor other, *, Scalar alpha=1) -> Tensor(a!)").inPlace,
  ).toBe(true);
});

test("operators are recorded with what they are given, also by name, and what depends on the input is live", () =>
  scope(() => {
    const [X, W] = [tensor([[1, 2]]), tensor([[3, 4]])];
    const body = () => aten("add.Tensor", X, W.mul(2), { alpha: 3 });
    using recorded = trace([X], body, { names: new Map([["W", W]]), place: () => "somewhere" });
    const [mul, add] = recorded.calls;
    expect(recorded.calls.map(({ operator, place }) => [operator, place])).toEqual([
      ["mul.Scalar", "somewhere"],
      ["add.Tensor", "somewhere"],
    ]);
    expect(mul!.arguments.get("other")).toBe(2);
    expect(mul!.arguments.get("self")).toMatchObject({ name: "W", live: false });
    expect(add!.arguments.get("self")).toBe(recorded.inputs[0]);
    expect(add!.arguments.get("other")).toBe(mul!.outputs[0]);
    expect(add!.arguments.get("alpha")).toBe(3);
    expect([mul!.outputs[0]!.live, add!.outputs[0]!.live]).toEqual([false, true]);
    expect(recorded.of(recorded.result)).toBe(add!.outputs[0]);
    expect(recorded.result.toArray()).toEqual([[19, 26]]);
    expect(Array.from(mul!.outputs[0]!.data(), Number)).toEqual([6, 8]);
  }));

test("numbers that look like handles stay numbers", () =>
  scope(() => {
    const X = tensor([[1, 2, 3]]);
    using recorded = trace([X], () => X.narrow(1, X.h % 2, 1));
    expect(isTensor(recorded.calls[0]!.arguments.get("start"))).toBe(false);
  }));

test("what cannot be recorded is refused by name; afterwards the addon is itself again", () =>
  scope(() => {
    const addon = native();
    const X = random(1).normal([2]);
    const place = { place: () => "block.1" };
    expect(() => trace([X], () => X.add_(1), place)).toThrow(
      "trace: add_.Scalar changes a tensor in place, in block.1",
    );
    expect(() => trace([X], () => X.sum().item(), place)).toThrow(
      "trace: item reads elements of a tensor that depends on the input, in block.1",
    );
    expect(() => trace([X], () => X.mul(2).data())).toThrow("trace: data reads elements");
    expect(() => trace([X], () => X.view())).toThrow("trace: view reads elements");
    expect(native()).toBe(addon);
  }));
