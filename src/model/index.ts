/** @file Models, one file per paper object. */

export type { ClosedLoopNetOptions } from "./convolutional/closed-loop.ts";
export { DcganDecoder, DcganEncoder, type DcganOptions } from "./convolutional/dcgan.ts";
export { NmceNet, type NmceNetOptions } from "./convolutional/nmce-net.ts";
export {
  type EncoderOptions,
  ResNet,
  type ResNetOptions,
  resnet10Mnist,
  resnet18,
  resnet18Control,
  resnet18Stl,
} from "./convolutional/resnet.ts";
export { BasicBlock, ProjectionHead } from "./convolutional/resnet-block.ts";
export { ResNext29 } from "./convolutional/resnext.ts";
export { SnganDecoder, SnganEncoder, type SnganOptions } from "./convolutional/sngan.ts";
export { Vgg11 } from "./convolutional/vgg.ts";
export { type CppFeatures, CppHead, type CppHeadOptions } from "./cpp/cpp-head.ts";
export { Aot, AotLayer, type AotOptions } from "./crate/aot.ts";
export { Crate, type CrateOptions } from "./crate/crate.ts";
export { CrateAlpha, CrateAlphaLayer, type CrateAlphaOptions } from "./crate/crate-alpha.ts";
export { CrateLayer, type CrateLayerOptions } from "./crate/crate-layer.ts";
export { ISTA, type ISTAOptions, ista, Majorise, type MajoriseOptions } from "./crate/ista.ts";
export { MSSA, type MSSAOptions, mssa } from "./crate/mssa.ts";
export { mssaOf, orthogonality } from "./crate/orthogonality.ts";
export { DecoupledISTA, decoupledISTA, OvercompleteISTA, overcompleteISTA } from "./crate/overcomplete.ts";
export { type Grid, interpolatePositions, positionsFor, sinCosPositions } from "./crate/positions.ts";
export { DinoHead, type DinoHeadOptions, DinoNet } from "./dino/dino.ts";
export {
  type ClosedLoopNets,
  type Conflict,
  type Family,
  type Form as ModelForm,
  type FormName,
  type Forms as ModelForms,
  type LayerOf,
  layersNamed,
  type Recognised,
  type Shapes,
} from "./family.ts";
export { Bert, type BertOptions } from "./language/bert.ts";
export { Gpt, type GptOptions } from "./language/gpt.ts";
export { GptBlock, type GptBlockOptions, type GptKind, gptKinds } from "./language/gpt-block.ts";
export { type CausalMixer, type MixedTokens, NO_PAST, type Past } from "./language/past.ts";
export {
  CrateDecoderLayer,
  CrateMae,
  CrateMaeClassifier,
  type CrateMaeClassifierOptions,
  type CrateMaeOptions,
} from "./mae/crate-mae.ts";
export { maskedError, maskedTarget, meanFill, randomMask } from "./mae/mask.ts";
export { ViTMae, type ViTMaeOptions } from "./mae/vit-mae.ts";
export type { DrawnClassifier, ImageClassifier, ModelOf, Networks } from "./networks.ts";
export {
  createModel,
  familiesOf,
  familyOf,
  formOf,
  type ModelInfo,
  modelConflict,
  modelNames,
  models,
  namesOf,
  parameterCount,
  registerFamily,
  settledFamilies,
} from "./registry.ts";
export { patchGrid, tokenCount } from "./settings.ts";
export { isLayered, type Layered, type Pool, pooled, withClass } from "./tokens.ts";
export { Tost, TostBlock, type TostOptions } from "./tost/tost.ts";
export {
  CausalTSSA,
  type CausalTSSAOptions,
  TokenStatistics,
  TSSA,
  type TSSAOptions,
  type TSSAWeights,
} from "./tost/tssa.ts";
export { isPlain, ViT, type ViTOptions } from "./vit/vit.ts";
