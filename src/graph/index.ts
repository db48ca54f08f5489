/** @file Networks as data: ONNX in and out, an interpreter, rates. Runs in a page: nothing of Node or libtorch is used. */

export { withGates } from "./gates.ts";
export { type Attribute, checkOrder, type Graph, type GraphNode, OPSET, type Port } from "./graph.ts";
export { type Change, Interpreter } from "./interpret.ts";
export { type IstaArithmetic, type IstaOptions, istaArithmetic, withIsta } from "./ista.ts";
export { type GraphLayer, layersOf } from "./layers.ts";
export { type Band, type Bands, type PageFacts, readFacts } from "./page-facts.ts";
export {
  authorsRate,
  nonZero,
  paperRate,
  type Subspaces,
  subspacesOf,
  tokenRate,
} from "./rates.ts";
export { type ReadOptions, readOnnx } from "./read.ts";
export {
  basisOf,
  headColumns,
  type PatchMap,
  patchMapOf,
  principalCosines,
  singularValues,
} from "./subspaces.ts";
export {
  describe,
  type ElementType,
  float,
  integers,
  LIMITS,
  type Limits,
  sizeOf,
  type Value,
} from "./value.ts";
export { writeOnnx } from "./write.ts";
