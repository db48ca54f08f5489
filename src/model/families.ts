/** @file The models of this package: one line each. */

export {
  ctrlCifar,
  ctrlCifarDouble,
  ctrlMnist,
  ctrlSngan32,
  ctrlSngan48,
  ctrlSngan128,
  ictrl,
} from "./convolutional/closed-loop.ts";
export {
  nmce,
  resnet10mnist,
  resnet18ctrl,
  resnet18Family,
  resnet18stl,
  resnext29,
  vgg11,
} from "./convolutional/encoders.ts";
export { resnet } from "./convolutional/resnet-classifier.ts";
export { crateAlpha } from "./crate/alpha-family.ts";
export { aot } from "./crate/aot.ts";
export { crate } from "./crate/family.ts";
export {
  aotGpt,
  bertBase,
  crateAlphaGpt,
  crateBert,
  crateGpt,
  crateLm,
  gpt2,
  tostGpt,
} from "./language/families.ts";
export { crateMae, vitMae } from "./mae/family.ts";
export { tost } from "./tost/family.ts";
export { vit } from "./vit/family.ts";
