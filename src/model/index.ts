/** @file Models, one file per paper object. */

export {
  CLOSED_LOOP_NETS,
  type ClosedLoopNetInfo,
  type ClosedLoopNetOptions,
  type ClosedLoopNets,
  closedLoopNetInfo,
  closedLoopNets,
} from "./closed-loop-nets.ts";
export { Crate, type CrateOptions, tokenCount } from "./crate.ts";
export { CrateLayer, type CrateLayerOptions } from "./crate-layer.ts";
export { DcganDecoder, DcganEncoder, type DcganOptions } from "./dcgan.ts";
export { ISTA, type ISTAOptions, ista, Majorise } from "./ista.ts";
export { MSSA, type MSSAOptions, mssa } from "./mssa.ts";
export {
  createModel,
  type ModelInfo,
  type ModelOptions,
  modelNames,
  models,
  parameterCount,
} from "./registry.ts";
export { SnganDecoder, SnganEncoder, type SnganOptions } from "./sngan.ts";
export { ViT, type ViTOptions } from "./vit.ts";
