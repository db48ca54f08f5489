/** @file ONNX files into graphs. They come from others: sizes, names and numbers are checked, and nothing in them runs. */

import { DataError } from "../base/errors.ts";
import { fromHalf } from "./float16.ts";
import { type Attribute, checkOrder, type Graph, type GraphNode, OPSET, type Port } from "./graph.ts";
import {
  type Data,
  dataOf,
  ELEMENT_TYPES,
  type ElementType,
  FILE_BYTES,
  LIMITS,
  LITTLE_ENDIAN,
  type Limits,
  sizeOf,
  type Value,
} from "./value.ts";
import { Fields } from "./wire.ts";

export interface ReadOptions {
  /** Says which file it is in errors. */
  name?: string;
  limits?: Limits;
  /** Reads a file beside the model, where it keeps weights in one; without it such models are refused. */
  external?: (location: string) => Uint8Array;
}

/** Numbers of fields in ONNX's messages. */
const MODEL = { graph: 7, opset: 8, metadata: 14 };
const GRAPH = { node: 1, name: 2, constant: 5, input: 11, output: 12 };
const NODE = { input: 1, output: 2, name: 3, operator: 4, attribute: 5, doc: 6, domain: 7 };
const TENSOR = {
  dims: 1,
  type: 2,
  floats: 4,
  int32s: 5,
  int64s: 7,
  name: 8,
  raw: 9,
  external: 13,
  location: 14,
};

const MOST_NODES = 100_000;

/** A graph from the bytes of an ONNX file. @throws {DataError} damaged, of another opset, or of what this package has not */
export function readOnnx(bytes: Uint8Array, options: ReadOptions = {}): Graph {
  const where = options.name ?? "ONNX";
  const model = new Fields(bytes, where);
  requireOpset(model, where);
  const graphs = model.messages(MODEL.graph);
  if (graphs.length !== 1)
    throw new DataError(`${where}: expected a model with one graph, got ${graphs.length}`);
  const fields = new Fields(graphs[0]!, where);
  const nodes = fields.messages(GRAPH.node);
  if (nodes.length > MOST_NODES)
    throw new DataError(`${where}: expected at most ${MOST_NODES} nodes, got ${nodes.length}`);
  const constants = new Map<string, Value>();
  for (const message of fields.messages(GRAPH.constant)) {
    const [name, value] = tensorOf(message, where, options);
    if (constants.has(name)) throw new DataError(`${where}: "${name}" is there twice`);
    constants.set(name, value);
  }
  const graph: Graph = {
    name: fields.text(GRAPH.name),
    nodes: nodes.map((message, i) => nodeOf(message, i, where, options)),
    constants,
    // older files list constants among the inputs too
    inputs: fields
      .messages(GRAPH.input)
      .map((message) => portOf(message, where))
      .filter(({ name }) => !constants.has(name)),
    outputs: fields.messages(GRAPH.output).map((message) => portOf(message, where)),
    metadata: new Map(
      model.messages(MODEL.metadata).map((message) => {
        const entry = new Fields(message, where);
        return [entry.text(1), entry.text(2)];
      }),
    ),
  };
  checkOrder(graph, where);
  return graph;
}

function requireOpset(model: Fields, where: string): void {
  for (const message of model.messages(MODEL.opset)) {
    const fields = new Fields(message, where);
    const [domain, version] = [fields.text(1), fields.integer(2)];
    if (domain !== "" && domain !== "ai.onnx")
      throw new DataError(`${where}: expected operators of ONNX alone, it has some of "${domain}"`);
    if (version !== OPSET)
      throw new DataError(`${where}: expected opset ${OPSET}, got ${version}; export it anew`);
  }
  if (model.messages(MODEL.opset).length === 0)
    throw new DataError(`${where}: no ONNX model, it names no opset`);
}

function nodeOf(message: Uint8Array, index: number, where: string, options: ReadOptions): GraphNode {
  const fields = new Fields(message, where);
  const operator = fields.text(NODE.operator);
  const name = fields.text(NODE.name) || `${operator} ${index}`;
  const domain = fields.text(NODE.domain);
  if (domain !== "" && domain !== "ai.onnx")
    throw new DataError(`${where}: node "${name}" is an operator of "${domain}", which is not ONNX's own`);
  const doc = fields.text(NODE.doc);
  return {
    ...{ name, operator, inputs: fields.texts(NODE.input), outputs: fields.texts(NODE.output) },
    attributes: new Map(
      fields.messages(NODE.attribute).map((each) => attributeOf(each, name, where, options)),
    ),
    ...(doc !== "" && { doc }),
  };
}

const FLOAT = 1;
const INTEGER = 2;
const TEXT = 3;
const ARRAY = 4;
const FLOATS = 6;
const INTEGERS = 7;

function attributeOf(
  message: Uint8Array,
  node: string,
  where: string,
  options: ReadOptions,
): [string, Attribute] {
  const fields = new Fields(message, where);
  const name = fields.text(1);
  const kind = fields.integer(20);
  if (kind === FLOAT) return [name, fields.floats(2)[0] ?? 0];
  if (kind === INTEGER) return [name, fields.integer(3) ?? 0];
  if (kind === TEXT) return [name, fields.text(4)];
  if (kind === ARRAY && fields.messages(5).length === 1)
    return [name, tensorOf(fields.messages(5)[0]!, where, options)[1]];
  if (kind === FLOATS) return [name, Array.from(fields.floats(7))];
  if (kind === INTEGERS) return [name, fields.integers(8)];
  throw new DataError(
    `${where}: attribute "${name}" of node "${node}" is of a kind that is not read (${kind})`,
  );
}

function typeOf(code: number | undefined, what: string, where: string): ElementType {
  const found = Object.entries(ELEMENT_TYPES).find(([, number]) => number === code)?.[0];
  if (found !== undefined) return found as ElementType;
  const known = Object.keys(ELEMENT_TYPES).join(", ");
  throw new DataError(`${where}: "${what}" has elements of type ${code}; expected ${known}`);
}

function portOf(message: Uint8Array, where: string): Port {
  const fields = new Fields(message, where);
  const name = fields.text(1);
  const tensor = new Fields(
    new Fields(fields.messages(2)[0] ?? new Uint8Array(), where).messages(1)[0] ?? new Uint8Array(),
    where,
  );
  const shape = new Fields(tensor.messages(2)[0] ?? new Uint8Array(), where);
  const dims = shape.messages(1).map((each) => {
    const dim = new Fields(each, where);
    return dim.integer(1) ?? dim.text(2);
  });
  return { name, type: typeOf(tensor.integer(1), name, where), dims };
}

/** A tensor of the file: its elements are as many as its shape says. */
function tensorOf(
  message: Uint8Array,
  where: string,
  { limits = LIMITS, external }: ReadOptions,
): [string, Value] {
  const fields = new Fields(message, where);
  const name = fields.text(TENSOR.name);
  const type = typeOf(fields.integer(TENSOR.type), name, where);
  const dims = fields.integers(TENSOR.dims);
  const length = sizeOf(dims);
  if (!dims.every((size) => Number.isSafeInteger(size) && size >= 0) || !(length <= limits.elements))
    throw new DataError(`${where}: "${name}" is [${dims.join(", ")}], which no array can be`);
  const expect = (got: number): void => {
    if (got !== length)
      throw new DataError(
        `${where}: "${name}" is [${dims.join(", ")}], ${length} numbers, but the file holds ${got}`,
      );
  };
  if (fields.integer(TENSOR.location) === 1)
    return [name, { type, dims, data: decode(type, externalOf(fields, name, where, external), expect) }];
  const raw = fields.one(TENSOR.raw);
  if (raw !== undefined) return [name, { type, dims, data: decode(type, raw.bytes, expect) }];
  const listed: ArrayLike<number> =
    type === "float32"
      ? fields.floats(TENSOR.floats)
      : fields.integers(type === "int64" ? TENSOR.int64s : TENSOR.int32s);
  expect(listed.length);
  const data = dataOf(type, length);
  for (let i = 0; i < length; i++) data[i] = type === "float16" ? fromHalf(listed[i]!) : listed[i]!;
  return [name, { type, dims, data }];
}

/** Elements as files hold them: little-endian, as every machine's memory is that runs this but few. */
function decode(type: ElementType, bytes: Uint8Array, expect: (length: number) => void): Data {
  const length = bytes.length / FILE_BYTES[type];
  expect(length);
  if (type === "float32" && LITTLE_ENDIAN) return new Float32Array(new Uint8Array(bytes).buffer);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const data = dataOf(type, length);
  for (let i = 0; i < length; i++) data[i] = element(view, type, i);
  return data;
}

function element(view: DataView, type: ElementType, i: number): number {
  if (type === "float32") return view.getFloat32(4 * i, true);
  if (type === "float16") return fromHalf(view.getUint16(2 * i, true));
  if (type === "int64") return Number(view.getBigInt64(8 * i, true));
  if (type === "int32") return view.getInt32(4 * i, true);
  return type === "int8" ? view.getInt8(i) : view.getUint8(i);
}

/** Weights in a file beside the model: the name stays inside the model's folder. */
function externalOf(
  fields: Fields,
  name: string,
  where: string,
  external: ReadOptions["external"],
): Uint8Array {
  const entries = new Map(
    fields.messages(TENSOR.external).map((message) => {
      const entry = new Fields(message, where);
      return [entry.text(1), entry.text(2)];
    }),
  );
  const location = entries.get("location") ?? "";
  if (location === "" || /^[/\\]|^[a-z]:|(^|[/\\])\.\.([/\\]|$)|\0/i.test(location))
    throw new DataError(`${where}: "${name}" lies outside of the model's folder: ${location}`);
  if (external === undefined)
    throw new DataError(`${where}: "${name}" lies in another file, ${location}, which is not read`);
  const file = external(location);
  const offset = Number(entries.get("offset") ?? 0);
  const length = Number(entries.get("length") ?? file.length - offset);
  if (!(offset >= 0 && length >= 0 && offset + length <= file.length))
    throw new DataError(`${where}: "${name}" reaches beyond the end of ${location}`);
  return file.subarray(offset, offset + length);
}
