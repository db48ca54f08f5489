/** @file The interpreter: what it asks for, what can be changed on the way, and that nothing is without end. */

import { expect, test } from "vitest";
import { float, type Graph, type GraphNode, Interpreter, integers, type Value } from "./index.ts";

const node = (operator: string, inputs: string[], output: string, attributes = {}): GraphNode => ({
  ...{ name: `${operator} ${output}`, operator, inputs, outputs: [output] },
  attributes: new Map(Object.entries(attributes)),
});
const vector = (...values: number[]): Value => float([1, values.length], Float32Array.from(values));

/** y = ReLU(x W + b), W twice the identity by way of a constant product. */
const layer: Graph = {
  name: "layer",
  nodes: [
    node("Add", ["I", "I"], "W"),
    node("MatMul", ["x", "W"], "z"),
    node("Add", ["z", "b"], "sum"),
    node("Relu", ["sum"], "y"),
  ],
  constants: new Map([
    ["I", float([2, 2], Float32Array.of(1, 0, 0, 1))],
    ["b", float([2], Float32Array.of(0, -1))],
  ]),
  inputs: [{ name: "x", type: "float32", dims: ["batch", 2] }],
  outputs: [{ name: "y", type: "float32", dims: ["batch", 2] }],
  metadata: new Map(),
};
const run = (
  net: Interpreter,
  ...rest: Parameters<Interpreter["run"]> extends [unknown, ...infer R] ? R : never
) =>
  Object.fromEntries(
    Object.entries(net.run({ x: vector(1, 2) }, ...rest)).map(([name, { data }]) => [
      name,
      Array.from(data as Float32Array),
    ]),
  );

test("outputs, and any value by its name", () => {
  const net = new Interpreter(layer);
  expect(run(net)).toEqual({ y: [2, 3] });
  expect(run(net, ["z", "W", "x", "b"])).toEqual({ z: [2, 4], W: [2, 0, 0, 2], x: [1, 2], b: [0, -1] });
});

test("a change goes on into what follows, of weights too, and is gone afterwards", () => {
  const net = new Interpreter(layer);
  const zero = (value: Value): Value => ({ ...value, data: new Float32Array(value.data.length) });
  expect(run(net, ["y"], { z: zero })).toEqual({ y: [0, 0] });
  expect(run(net, ["y"], { b: zero })).toEqual({ y: [2, 4] });
  expect(run(net, ["y"])).toEqual({ y: [2, 3] });
  expect(run(net, ["y", "W"], { I: zero })).toEqual({ y: [0, 0], W: [0, 0, 0, 0] });
  expect(run(net, ["y"], { W: zero })).toEqual({ y: [0, 0] });
  expect(run(net, ["y"], { x: zero })).toEqual({ y: [0, 0] });
  expect(run(net, ["y"])).toEqual({ y: [2, 3] });
});

test("what is asked wrongly is said", () => {
  const net = new Interpreter(layer);
  expect(() => net.run({})).toThrow('expected the input "x", got none');
  expect(() => net.run({ x: float([2], new Float32Array(2)) })).toThrow(
    'expected the input "x" [batch, 2] float32, got [2] float32',
  );
  expect(() => run(net, ["yy"])).toThrow('no value "yy" (did you mean "y"?)');
  expect(() => run(net, ["y"], { zz: (value) => value })).toThrow('no value "zz"');
  expect(() => run(net, ["y"], { z: () => vector(1) })).toThrow(
    '"z" is [1, 2] float32, its change gives [1, 1] float32',
  );
  const unknown = { ...layer, nodes: [node("Frobnicate", ["x"], "y")] };
  expect(() => new Interpreter(unknown)).toThrow(
    'the operator Frobnicate of "Frobnicate y" is not known; known are',
  );
});

test("arrays and work have bounds", () => {
  const grown: Graph = {
    ...layer,
    nodes: [node("Expand", ["x", "shape"], "y")],
    constants: new Map([["shape", integers([3], [2 ** 20, 2 ** 20, 2])]]),
  };
  expect(() => run(new Interpreter(grown))).toThrow(
    "expected arrays of at most 268435456 numbers, got [1048576, 1048576, 2]",
  );
  expect(() => run(new Interpreter(layer, { elements: 100, work: 5 }))).toThrow(
    "a run takes more than 5 steps",
  );
});

/** One operator on constants alone. */
function made(operator: string, inputs: readonly (Value | undefined)[], attributes = {}): Value {
  const names = inputs.map((value, i) => (value === undefined ? "" : `i${i}`));
  const constants = new Map(
    inputs.flatMap((value, i): [string, Value][] => (value === undefined ? [] : [[`i${i}`, value]])),
  );
  const graph: Graph = { ...layer, nodes: [node(operator, names, "y", attributes)], constants, inputs: [] };
  return new Interpreter(graph).run({}).y!;
}
const array = (dims: number[], ...values: number[]): Value => float(dims, Float32Array.from(values));
const numbers = ({ data }: Value): number[] => Array.from(data as Float32Array);

test("arrays are repeated to one another as ONNX says", () => {
  const [a, b] = [array([2, 1], 1, 2), array([1, 3], 10, 20, 30)];
  expect(made("Add", [a, b])).toEqual(array([2, 3], 11, 21, 31, 12, 22, 32));
  expect(made("Sub", [array([], 5), array([2], 1, 2)])).toEqual(array([2], 4, 3));
  expect(
    made("Where", [{ type: "bool", dims: [2, 1], data: Uint8Array.of(1, 0) }, b, array([], 0)]).dims,
  ).toEqual([2, 3]);
  expect(() => made("Add", [array([2], 1, 2), array([3], 1, 2, 3)])).toThrow("cannot join [2] and [3]");
  expect(numbers(made("MatMul", [array([2, 1, 2], 1, 2, 3, 4), array([2, 1], 1, 1)]))).toEqual([3, 7]);
  expect(made("MatMul", [array([1, 2, 1, 1], 2, 3), array([2, 1, 1, 1], 5, 7)])).toEqual(
    array([2, 2, 1, 1], 10, 15, 14, 21),
  );
});

test("operators with edges of their own", () => {
  const erf = numbers(made("Erf", [array([3], 0, 1, -2)]));
  for (const [i, expected] of [0, 0.8427007929, -0.995322265].entries())
    expect(erf[i]).toBeCloseTo(expected, 6);
  expect(made("Clip", [array([3], -2, 0, 9), undefined, array([], 3)])).toEqual(array([3], -2, 0, 3));
  expect(made("Slice", [array([4], 1, 2, 3, 4), integers([1], [-3]), integers([1], [2 ** 60])])).toEqual(
    array([3], 2, 3, 4),
  );
  expect(made("Reshape", [array([2, 3], 1, 2, 3, 4, 5, 6), integers([2], [0, -1])]).dims).toEqual([2, 3]);
  expect(() => made("Reshape", [array([3], 1, 2, 3), integers([2], [2, -1])])).toThrow(
    "cannot make [2,-1] of [3] float32",
  );
  expect(() => made("Gather", [array([2], 1, 2), integers([], [2])])).toThrow("asks for entry 2 of 2");
  expect(
    numbers(
      made("MaxPool", [array([1, 1, 2, 2], -1, -2, -3, -4)], { kernel_shape: [2, 2], pads: [1, 1, 1, 1] }),
    )[0],
  ).toBe(-1);
  const scaled = made(
    "DequantizeLinear",
    [{ type: "int8", dims: [2, 2], data: Int8Array.of(1, 2, -3, 4) }, array([2], 0.5, 10)],
    { axis: 1 },
  );
  expect(scaled).toEqual(array([2, 2], 0.5, 20, -1.5, 40));
});
