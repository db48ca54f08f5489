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
} from "./augment/affine.ts";
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
} from "./augment/augment.ts";
export { gaussianBlur, randomBlur } from "./augment/blur.ts";
export { type Box, type Crops, randomBox } from "./augment/box.ts";
export {
  adjustBrightness,
  adjustContrast,
  adjustHue,
  adjustSaturation,
  colourJitter,
  type Jitter,
  randomGrey,
} from "./augment/colour.ts";
export { OPERATIONS, randAugment } from "./augment/rand-augment.ts";
export {
  type Augment,
  type Batch,
  type BatchOptions,
  batchCount,
  batches,
  epochOrder,
  leavesOne,
} from "./batches.ts";
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
export { type Checksum, type DownloadOptions, download } from "./fetch/download.ts";
export { type GetOptions, getDataset } from "./fetch/get.ts";
export type { RemoteFile, RemoteSet } from "./fetch/remote.ts";
export { isHubAddress } from "./hub/address.ts";
export { type HubOptions, localFile } from "./hub/fetch.ts";
export type { Dataset, DatasetInfo, DatasetOptions } from "./sets/dataset.ts";
export { dataRoot } from "./sets/find.ts";
export { type FolderOptions, ImageFolder } from "./sets/folder.ts";
export {
  type HeldOut,
  holdOut,
  type Measured,
  measuredSplit,
  SPLITS,
  type Split,
} from "./sets/hold-out.ts";
export {
  checkImageSet,
  firstImages,
  type ImageInfo,
  type ImageSet,
  type ImageSource,
  imageSource,
  sourceSubset,
  subset,
} from "./sets/image-set.ts";
export { moments } from "./sets/moments.ts";
export { IMAGENET, type Normalisation, normalisation } from "./sets/normalise.ts";
export { datasets, openDataset, openSource, registerDataset, remotes } from "./sets/registry.ts";
export { bytesOf, isResident, type ResidentSource, residentSource } from "./sets/resident.ts";
export { ImageShards } from "./sets/shards.ts";
export { type SyntheticOptions, syntheticSet } from "./sets/synthetic.ts";
export { requireRows, rowsIn, rowsOf, type Share } from "./share.ts";
export * from "./text/index.ts";
