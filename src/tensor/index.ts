/** @file The engine: tensors on libtorch. */

export * from "../base/errors.ts";
export { hint, nearest } from "../base/nearest.ts";
export { type AtenArgument, aten } from "./aten.ts";
export { autocast, type GradientOptions, gradients, noGrad, partialGradients } from "./autograd.ts";
export { bfloat16Sets, bfloat16Speed } from "./bfloat16.ts";
export type { Nested } from "./core.ts";
export { arange, cat, eye, full, handles, ones, stack, type TensorOptions, tensor, zeros } from "./create.ts";
export { besideStream, CudaGraph } from "./cuda-graph.ts";
export type { DType, TypedArray } from "./dtype.ts";
export {
  bucketBytesOf,
  type GradientsReducedOptions,
  type Group,
  type GroupSettings,
  gatherRows,
  gatherShared,
  gradientsReduced,
  openGroup,
  shared,
  sumGrams,
  sumReplicated,
  sumShared,
} from "./group.ts";
export { native } from "./native.ts";
export { type Operator, operator } from "./operator.ts";
export { Random, type Rows, random } from "./random.ts";
export { run, run1, run2, runInPlace, runMany } from "./run.ts";
export { keep, memory, scope } from "./scope.ts";
export { Tensor } from "./tensor.ts";
export { loadTensors, saveTensors, type TensorFile } from "./tensor-file.ts";
export {
  isTensor,
  type Trace,
  type TracedArgument,
  type TracedCall,
  type TracedTensor,
  trace,
} from "./trace.ts";
