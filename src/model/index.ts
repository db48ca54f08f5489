/** @file Models, one file per paper object. */

export { Crate, type CrateOptions, tokenCount } from "./crate.ts";
export { CrateLayer, type CrateLayerOptions } from "./crate-layer.ts";
export { ISTA, type ISTAOptions, ista, Majorise, type MajoriseOptions } from "./ista.ts";
export { MSSA, type MSSAOptions, mssa } from "./mssa.ts";
export {
  createModel,
  type ModelInfo,
  type ModelOptions,
  modelNames,
  models,
  parameterCount,
} from "./registry.ts";
export { ViT, type ViTOptions } from "./vit.ts";
