/** @file Models, one file per paper object. */

export { Aot, AotLayer, type AotOptions } from "./aot.ts";
export { Bert, type BertOptions } from "./bert.ts";
export {
  CLOSED_LOOP_NETS,
  type ClosedLoopNetInfo,
  type ClosedLoopNetOptions,
  type ClosedLoopNets,
  closedLoopNetInfo,
  closedLoopNets,
} from "./closed-loop-nets.ts";
export { type CppFeatures, CppHead, type CppHeadOptions } from "./cpp-head.ts";
export { Crate, type CrateOptions, tokenCount } from "./crate.ts";
export { CrateAlpha, CrateAlphaLayer, type CrateAlphaOptions } from "./crate-alpha.ts";
export { CrateLayer, type CrateLayerOptions } from "./crate-layer.ts";
export {
  CrateDecoderLayer,
  CrateMae,
  CrateMaeClassifier,
  type CrateMaeClassifierOptions,
  type CrateMaeOptions,
  gridOf,
} from "./crate-mae.ts";
export { DcganDecoder, DcganEncoder, type DcganOptions } from "./dcgan.ts";
export { createEncoder, encoderNames } from "./encoder.ts";
export { Gpt, type GptOptions } from "./gpt.ts";
export { GptBlock, type GptBlockOptions, type GptKind, gptKinds } from "./gpt-block.ts";
export { createClassifier, type DrawnClassifier, type ImageClassifier } from "./image-classifier.ts";
export { ISTA, type ISTAOptions, ista, Majorise, type MajoriseOptions } from "./ista.ts";
export {
  createLanguageModel,
  isCausal,
  type LanguageModelInfo,
  type LanguageModelOptions,
  languageModelNames,
  languageModels,
  languageParameterCount,
} from "./language-models.ts";
export {
  createMae,
  createMaeClassifier,
  type MaeModelOptions,
  maeNames,
  maeParameterCount,
  maes,
} from "./mae-registry.ts";
export { maskedError, maskedTarget, meanFill, randomMask } from "./mask.ts";
export { MSSA, type MSSAOptions, mssa } from "./mssa.ts";
export { NmceNet, type NmceNetOptions } from "./nmce-net.ts";
export { DecoupledISTA, decoupledISTA, OvercompleteISTA, overcompleteISTA } from "./overcomplete.ts";
export { type CausalMixer, type MixedTokens, NO_PAST, type Past } from "./past.ts";
export { type Grid, interpolatePositions, sinCosPositions } from "./positions.ts";
export {
  createModel,
  type ImageModel,
  type ImageModelOf,
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
export { BasicBlock, ProjectionHead } from "./resnet-block.ts";
export { ResNext29 } from "./resnext.ts";
export { SnganDecoder, SnganEncoder, type SnganOptions } from "./sngan.ts";
export { Tost, TostBlock, type TostOptions } from "./tost.ts";
export { CausalTSSA, type CausalTSSAOptions, TSSA, type TSSAOptions, type TSSAWeights } from "./tssa.ts";
export { Vgg11 } from "./vgg.ts";
export { ViT, type ViTOptions } from "./vit.ts";
export { ViTMae, type ViTMaeOptions } from "./vit-mae.ts";
