/** @file Data sets by name, and the batches drawn from them. */

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
export { type Augment, type Batch, type BatchOptions, batchCount, batches, epochOrder } from "./batches.ts";
export { type Box, randomBox } from "./box.ts";
export { type Checksum, type DownloadOptions, download } from "./download.ts";
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
export { type DatasetInfo, type DatasetOptions, datasets, openDataset, openSource } from "./registry.ts";
export { type SyntheticOptions, syntheticSet } from "./synthetic.ts";
export * from "./text/index.ts";
