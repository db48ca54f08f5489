/** @file Weights from elsewhere: read, recognised, transferred, converted. */

export { type Converted, convertWeights } from "./convert.ts";
export { readWeights, type Weights, weightsFile } from "./read.ts";
export { type Architecture, describeArchitecture, recognise } from "./recognise.ts";
export { type Transfer, transfer } from "./transfer.ts";
