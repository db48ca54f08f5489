/**
 * @file The library: everything the commands do is a function first.
 *
 * Of the engine, what a user of tensors needs; the call path of layers stays inside (`src/tensor/run.ts`).
 */

export type { Figure } from "./chart/index.ts";
export * from "./data/index.ts";
export * from "./evaluate/index.ts";
export * from "./inspect/index.ts";
export * from "./measure/index.ts";
export * from "./method/index.ts";
export * from "./model/index.ts";
export * from "./nn/index.ts";
export * from "./rate/index.ts";
export * from "./recipe/index.ts";
export {
  type AtenArgument,
  arange,
  aten,
  autocast,
  CheckpointError,
  cat,
  DataError,
  DiskError,
  type DType,
  type ErrorFacts,
  eye,
  full,
  type GradientOptions,
  gradients,
  keep,
  loadTensors,
  memory,
  type Nested,
  NotFiniteError,
  noGrad,
  OutOfMemoryError,
  ones,
  partialGradients,
  Random,
  random,
  StoppedError,
  saveTensors,
  scope,
  stack,
  Tensor,
  type TensorFile,
  type TensorOptions,
  TorchError,
  type TypedArray,
  tensor,
  UsageError,
  VitrineError,
  zeros,
} from "./tensor/index.ts";
export * from "./theory/index.ts";
export * from "./train/index.ts";
