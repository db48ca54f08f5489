/** @file Segmentation that nobody trained: attention, cuts and colours of patches, and how they are judged. */

export { type AveragePrecision, averagePrecision, type Judged } from "./average-precision.ts";
export { bestHeadIou, type Coverage, coverage, coverageIou } from "./best-head.ts";
export { fromRunLengths, type MasksOf, readCoco } from "./coco.ts";
export { byClass, fillPolygon, parsePolygons, readMasks, regions, type TrueMask } from "./ground-truth.ts";
export { judge } from "./judge.ts";
export { type Look, look } from "./look.ts";
export {
  area,
  boxArea,
  boxIou,
  boxOf,
  componentOf,
  components,
  enlarge,
  fillHoles,
  type Mask,
  maskIou,
  maskOf,
  type Rectangle,
} from "./mask.ts";
export { largestEntries, largestMass, type MaskRule } from "./mask-rule.ts";
export { normalisedCut, patchAffinity } from "./normalised-cut.ts";
export { type Coloured, codeColours, type PcaOptions, paperColours } from "./pca-colours.ts";
export { imagePaths, normalised, type Picture, readPicture } from "./picture.ts";
export { type CutOptions, type MaskCutOptions, maskCut, tokenCut } from "./token-cut.ts";
