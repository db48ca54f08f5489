/** @file Data sets by name, and the batches drawn from them. */

export { setUnpackLimit, unpackLimit } from "../base/unpack.ts";
export {
  type AffineMaps,
  type AffineRange,
  affine,
  type Matrix,
  randomAffine,
  randomAffineOf,
  warp,
} from "./affine.ts";
export {
  cropTo,
  type Mixed,
  mixup,
  normalise,
  randomCrop,
  randomErase,
  randomFlip,
  randomResizedCrop,
  resize,
} from "./augment.ts";
export {
  type Augment,
  type Batch,
  type BatchOptions,
  batchCount,
  batches,
  epochOrder,
  leavesOne,
} from "./batches.ts";
export { gaussianBlur, randomBlur } from "./blur.ts";
export { type Box, randomBox } from "./box.ts";
export {
  adjustBrightness,
  adjustContrast,
  adjustHue,
  adjustSaturation,
  colourJitter,
  type Jitter,
  randomGrey,
} from "./colour.ts";
export { type Checksum, type DownloadOptions, download } from "./download.ts";
export {
  type ArrayNames,
  CLIP,
  type Features,
  type OnnxEncoder,
  type OnnxEncoderOptions,
  openEncoder,
  PIXEL_TYPES,
  type PixelType,
  type ReadFeaturesOptions,
  readFeatures,
  writeFeatures,
} from "./features/index.ts";
export { dataRoot } from "./find.ts";
export { type FolderOptions, ImageFolder } from "./folder.ts";
export { type GetOptions, getDataset, REMOTE, type RemoteFile, type RemoteSet } from "./get.ts";
export {
  checkImageSet,
  type ImageInfo,
  type ImageSet,
  type ImageSource,
  imageSource,
  sourceSubset,
  subset,
} from "./image-set.ts";
export { moments } from "./moments.ts";
export { IMAGENET, type Normalisation, normalisation } from "./normalise.ts";
export { OPERATIONS, randAugment } from "./rand-augment.ts";
export { type DatasetInfo, type DatasetOptions, datasets, openDataset, openSource } from "./registry.ts";
export { type SyntheticOptions, syntheticSet } from "./synthetic.ts";
export * from "./text/index.ts";
