/** @file Models, one file per paper object. */

export { Crate, type CrateOptions, tokenCount } from "./crate.ts";
export { CrateLayer, type CrateLayerOptions } from "./crate-layer.ts";
export { createEncoder, encoderNames } from "./encoder.ts";
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
export {
  type EncoderOptions,
  ResNet,
  type ResNetOptions,
  resnet10Mnist,
  resnet18,
  resnet18Control,
  resnet18Stl,
} from "./resnet.ts";
export { BasicBlock, onSphere, ProjectionHead } from "./resnet-block.ts";
export { ResNext29 } from "./resnext.ts";
export { Vgg11 } from "./vgg.ts";
export { ViT, type ViTOptions } from "./vit.ts";
