/** @file Files of others: what is damaged, of another form or too large is refused, and nothing outside is touched. */

import { expect, test } from "vitest";
import { DataError } from "../base/errors.ts";
import { Message } from "../base/protobuf.ts";
import { float, type Graph, type GraphNode, Interpreter, integers, readOnnx, writeOnnx } from "./index.ts";

const node = (operator: string, inputs: string[], output: string, attributes = {}): GraphNode => ({
  ...{ name: `${operator} ${output}`, operator, inputs, outputs: [output] },
  attributes: new Map(Object.entries(attributes)),
});
const graph = (nodes: GraphNode[], more: Partial<Graph> = {}): Graph => ({
  ...{ name: "g", nodes, constants: new Map([["W", float([2, 2], Float32Array.of(1, 2, 3, 4))]]) },
  inputs: [{ name: "x", type: "float32", dims: ["batch", 2] }],
  outputs: [{ name: "y", type: "float32", dims: ["batch", 2] }],
  ...{ metadata: new Map([["run", "first"]]), ...more },
});
const product = graph([node("MatMul", ["x", "W"], "y")]);

test("a graph comes back as it was written", () => {
  const written = graph(
    [
      node("Transpose", ["x"], "t", { perm: [1, 0] }),
      node("ConstantOfShape", ["s"], "c", { value: { type: "int64", dims: [1], data: Float64Array.of(-3) } }),
      node("LeakyRelu", ["t"], "y", { alpha: 0.25 }),
    ],
    {
      constants: new Map([
        ["s", integers([2], [2, -1])],
        ["h", { type: "float16", dims: [2], data: Float32Array.of(0.5, -65504) }],
        ["b", { type: "bool", dims: [], data: Uint8Array.of(1) }],
        ["q", { type: "int8", dims: [2], data: Int8Array.of(-127, 5) }],
      ]),
    },
  );
  expect(readOnnx(writeOnnx(written))).toEqual(written);
  // a buffer of Node's is a part of a larger one
  expect(readOnnx(Buffer.from(writeOnnx(product)))).toEqual(product);
});

const lied = (dims: number[], bytes: number) =>
  graphFile(
    new Message()
      .varint(1, dims[0]!)
      .varint(1, dims[1]!)
      .varint(2, 1)
      .text(8, "W")
      .bytes(9, new Uint8Array(bytes)),
  );

/** A model of one product, with this tensor as W. */
function graphFile(tensor: Message, { opset = 17, domain = "" } = {}): Uint8Array {
  const info = (name: string) =>
    new Message()
      .text(1, name)
      .message(2, new Message().message(1, new Message().varint(1, 1).message(2, new Message())));
  const body = new Message()
    .message(1, new Message().text(1, "x").text(1, "W").text(2, "y").text(4, "MatMul").text(7, domain))
    .message(5, tensor)
    .message(11, info("x"))
    .message(12, info("y"));
  return new Message()
    .varint(1, 8)
    .message(7, body)
    .message(8, new Message().text(1, "").varint(2, opset))
    .finish();
}

const outside = (location: string) =>
  new Message()
    .varint(1, 2)
    .varint(2, 1)
    .text(8, "W")
    .message(13, new Message().text(1, "location").text(2, location))
    .varint(14, 1);

test.each<[string, () => Uint8Array, string]>([
  ["nothing", () => new Uint8Array(), "no ONNX model, it names no opset"],
  ["text", () => new TextEncoder().encode("hello, this is a text"), "cut off or damaged near byte"],
  ["half a file", () => writeOnnx(product).subarray(0, 40), "cut off or damaged near byte"],
  [
    "another opset",
    () => graphFile(new Message().varint(2, 1), { opset: 21 }),
    "expected opset 17, got 21; export it anew",
  ],
  [
    "operators of others",
    () =>
      graphFile(new Message().varint(1, 0).varint(2, 1).text(8, "W").bytes(9, new Uint8Array()), {
        domain: "com.x",
      }),
    'an operator of "com.x"',
  ],
  [
    "less numbers than the shape says",
    () => lied([2, 2], 12),
    '"W" is [2, 2], 4 numbers, but the file holds 3',
  ],
  ["more of them", () => lied([2, 2], 20), "but the file holds 5"],
  ["a shape that no memory holds", () => lied([2 ** 40, 2 ** 40], 16), "which no array can be"],
  [
    "elements of no type",
    () => graphFile(new Message().varint(1, 1).varint(2, 99).text(8, "W")),
    "elements of type 99",
  ],
  [
    "a file of weights above the folder",
    () => graphFile(outside("../../etc/passwd")),
    "lies outside of the model's folder",
  ],
  ["an absolute one", () => graphFile(outside("/etc/passwd")), "lies outside of the model's folder"],
  [
    "one that nobody reads",
    () => graphFile(outside("weights.bin")),
    "lies in another file, weights.bin, which is not read",
  ],
])("%s is refused in one line", (_, make, message) => {
  expect(() => readOnnx(make())).toThrow(DataError);
  expect(() => readOnnx(make())).toThrow(message);
});

test("weights beside the model are read where the caller gives them", () => {
  const file = new Uint8Array(Float32Array.of(7, 8).buffer);
  const read = readOnnx(graphFile(outside("weights.bin")), { external: () => file });
  expect(Array.from(read.constants.get("W")!.data)).toEqual([7, 8]);
  expect(() => readOnnx(graphFile(outside("weights.bin")), { external: () => file.subarray(0, 4) })).toThrow(
    "but the file holds 1",
  );
});

test.each<[string, GraphNode[], string]>([
  [
    "a circle",
    [node("Add", ["x", "b"], "a"), node("Relu", ["a"], "b"), node("Relu", ["b"], "y")],
    "goes in a circle",
  ],
  ["a node on itself", [node("Relu", ["y"], "y")], "goes in a circle"],
  ["what nothing makes", [node("Relu", ["z"], "y")], 'uses "z" which nothing makes'],
  ["a value made twice", [node("Relu", ["x"], "y"), node("Neg", ["x"], "y")], '"y" is made twice'],
  ["an output that nothing makes", [node("Relu", ["x"], "a")], 'output "y" is made by no node'],
])("%s is refused", (_, nodes, message) => {
  expect(() => writeOnnx(graph(nodes))).toThrow(message);
});

test("names of prototypes are names like others", () => {
  const names = ["__proto__", "constructor", "toString"];
  const nodes = names.map((name, i) => node("Relu", [names[i - 1] ?? "x"], name));
  const made = readOnnx(
    writeOnnx(
      graph(nodes, {
        outputs: [{ name: "toString", type: "float32", dims: ["batch", 2] }],
        metadata: new Map([["__proto__", "x"]]),
      }),
    ),
  );
  const net = new Interpreter(made);
  const out = net.run(new Map([["x", float([1, 2], Float32Array.of(-1, 2))]]), ["__proto__", "toString"]);
  expect(Object.keys(out)).toEqual(["__proto__", "toString"]);
  expect(Object.entries(out).map(([, { data }]) => Array.from(data as Float32Array))).toEqual([
    [0, 2],
    [0, 2],
  ]);
  expect(({} as Record<string, unknown>).dims).toBeUndefined();
  expect(made.metadata.get("__proto__")).toBe("x");
});
