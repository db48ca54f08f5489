/** @file Graphs into ONNX files. */

import { DataError } from "../base/errors.ts";
import { Message } from "../base/protobuf.ts";
import { toHalf } from "./float16.ts";
import { type Attribute, checkOrder, type Graph, type GraphNode, OPSET, type Port } from "./graph.ts";
import { ELEMENT_TYPES, type ElementType, FILE_BYTES, LITTLE_ENDIAN, type Value } from "./value.ts";

/** The version of the format that opset 17 came with. */
const FORMAT = 8;
/** A protocol buffer holds no more. */
const MOST_BYTES = 2 ** 31 - 1;

/** The bytes of an ONNX file. @throws {DataError} a graph that is out of order; weights beyond 2 GiB */
export function writeOnnx(graph: Graph, producer = { name: "vitrine", version: "" }): Uint8Array {
  checkOrder(graph, graph.name);
  const bytes = [...graph.constants.values()].reduce(
    (sum, { data, type }) => sum + data.length * FILE_BYTES[type],
    0,
  );
  if (bytes > MOST_BYTES)
    throw new DataError(`${graph.name}: ${bytes} bytes of weights; an ONNX file holds at most ${MOST_BYTES}`);
  const body = new Message();
  for (const node of graph.nodes) body.message(1, nodeMessage(node));
  body.text(2, graph.name);
  for (const [name, value] of graph.constants) body.message(5, tensorMessage(value, name));
  for (const port of graph.inputs) body.message(11, portMessage(port));
  for (const port of graph.outputs) body.message(12, portMessage(port));
  const opset = new Message().text(1, "").varint(2, OPSET);
  const model = new Message().varint(1, FORMAT).text(2, producer.name).text(3, producer.version);
  model.message(7, body).message(8, opset);
  for (const [key, value] of graph.metadata) model.message(14, new Message().text(1, key).text(2, value));
  return model.finish();
}

function nodeMessage({ name, operator, inputs, outputs, attributes, doc }: GraphNode): Message {
  const message = new Message();
  for (const input of inputs) message.text(1, input);
  for (const output of outputs) message.text(2, output);
  message.text(3, name).text(4, operator);
  for (const [key, value] of attributes) message.message(5, attributeMessage(key, value));
  return doc === undefined ? message : message.text(6, doc);
}

/** Attributes that are real numbers: of all others whole numbers are meant. */
const REAL = new Set(["epsilon", "alpha", "momentum", "cubic_coeff_a"]);

function attributeMessage(name: string, value: Attribute): Message {
  const message = new Message().text(1, name);
  if (typeof value === "string") return message.text(4, value).varint(20, 3);
  if (typeof value === "number")
    return REAL.has(name) ? message.float(2, value).varint(20, 1) : message.integer(3, value).varint(20, 2);
  if ("dims" in value) return message.message(5, tensorMessage(value, "")).varint(20, 4);
  for (const item of value) message.integer(8, item);
  return message.varint(20, 7);
}

function tensorMessage({ type, dims, data }: Value, name: string): Message {
  const message = new Message();
  for (const size of dims) message.varint(1, size);
  return message.varint(2, ELEMENT_TYPES[type]).text(8, name).bytes(9, encode(type, data));
}

/** Little-endian, as files hold them. */
function encode(type: ElementType, data: Value["data"]): Uint8Array {
  if (type === "float32" && LITTLE_ENDIAN)
    return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const bytes = new Uint8Array(data.length * FILE_BYTES[type]);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < data.length; i++) {
    const x = data[i]!;
    if (type === "float32") view.setFloat32(4 * i, x, true);
    else if (type === "float16") view.setUint16(2 * i, toHalf(x), true);
    else if (type === "int64") view.setBigInt64(8 * i, BigInt(x), true);
    else if (type === "int32") view.setInt32(4 * i, x, true);
    else if (type === "int8") view.setInt8(i, x);
    else view.setUint8(i, x);
  }
  return bytes;
}

function portMessage({ name, type, dims }: Port): Message {
  const shape = new Message();
  for (const size of dims)
    shape.message(1, typeof size === "number" ? new Message().varint(1, size) : new Message().text(2, size));
  const tensor = new Message().varint(1, ELEMENT_TYPES[type]).message(2, shape);
  return new Message().text(1, name).message(2, new Message().message(1, tensor));
}
