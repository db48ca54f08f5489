/** @file Image folders, one sub-folder a class; the files are decoded in worker threads when they are asked for. */
import { join } from "node:path";
import { DataError, UsageError } from "../../base/errors.ts";
import { entries, some } from "../../base/file-names.ts";
import { type Size, sides } from "../../base/size.ts";
import { talk } from "../../base/talk.ts";
import type { RandomCrops } from "../augment/box.ts";
import { Decoder, type DecoderOptions } from "../image/decoder.ts";
import { ENDINGS } from "../image/endings.ts";
import { classFolders, imageFiles, sayLeftOut } from "../image/image-files.ts";
import { classTitles } from "./class-titles.ts";
import { filesFingerprint } from "./fingerprint.ts";
import { checkIndex, type ImageSet, type ImageSource, imageSetOf } from "./image-set.ts";

/** Names of a split's folder, in any case; the first that is there counts. */
const SPLITS = { train: ["train"], test: ["val", "valid", "validation", "dev", "test"] } as const;

export interface FolderOptions extends DecoderOptions {
  split: "train" | "test";
  /** Side of square images in pixels, or height and width. */
  imageSize: Size;
}

/**
 * A data set in the layout of torchvision's ImageFolder: ROOT/train/CLASS/*.jpg, and ROOT/val, validation, dev or test for
 * the test split, in any case. The classes are the sub-folders of train, sorted by code points. A file `classes.json` in
 * ROOT, an object from folder name to title or a list of titles, gives the classes readable names. What is left out is
 * said in one line.
 */
export class ImageFolder implements ImageSource {
  readonly channels = 3;
  readonly height: number;
  readonly width: number;
  readonly count: number;
  readonly #decoder: Decoder;

  private constructor(
    readonly name: string,
    /** Folder of the split. */
    readonly path: string,
    /** Paths inside it, class by class. */
    readonly files: readonly string[],
    readonly labels: Int32Array,
    readonly classes: readonly string[],
    options: FolderOptions,
  ) {
    this.count = files.length;
    [this.height, this.width] = sides(options.imageSize);
    this.#decoder = new Decoder((index) => join(path, files[checkIndex(this, index)]!), options);
  }

  /** Lists the files; decodes none. @throws DataError when the layout is not as described; UsageError for options */
  static open(root: string, options: FolderOptions): ImageFolder {
    const whole = (key: string, value: number) => {
      if (!Number.isInteger(value) || value < 1)
        throw new UsageError(`folder: ${key} is ${value}, expected a positive integer`);
    };
    for (const side of sides(options.imageSize)) whole("imageSize", side);
    whole("workers", options.workers ?? 1);
    const path = splitFolder(root, options.split);
    const { names } = classFolders(splitFolder(root, "train", path));
    const { names: own, leftOut } = classFolders(path);
    const stranger = own.find((name) => !names.includes(name));
    if (stranger !== undefined)
      throw new DataError(`folder: class ${stranger} of ${path} is not among the classes of train`, { path });
    const files: string[] = [];
    const labels: number[] = [];
    const empty: string[] = [];
    for (const name of own) {
      const images = imageFiles(join(path, name));
      if (images.files.length === 0) empty.push(name);
      for (const file of images.files) {
        files.push(join(name, file));
        labels.push(names.indexOf(name));
      }
      for (const file of images.leftOut) leftOut.push(join(name, file));
    }
    if (files.length === 0)
      throw new DataError(`folder: no images in ${path}; expected CLASS/*${ENDINGS.join(", *")}`, { path });
    if (empty.length > 0)
      throw new DataError(
        `folder: no images of class ${some(empty)} in ${path}; put some there, or remove the folder`,
        { path },
      );
    sayLeftOut(path, leftOut);
    const classes = classTitles(join(root, "classes.json"), names);
    return new ImageFolder(`folder:${root}`, path, files, Int32Array.from(labels), classes, options);
  }

  get damaged(): ReadonlySet<number> | undefined {
    return this.#decoder.damaged;
  }

  load(indices: ArrayLike<number>): Promise<Uint8Array> {
    return this.#decoder.decode(indices, { size: [this.height, this.width] });
  }

  loadCrops(indices: ArrayLike<number>, crops: RandomCrops): Promise<Uint8Array> {
    return this.#decoder.decode(indices, crops);
  }

  /** All images in memory. @throws DataError when they need more than 4 GB, or one cannot be read */
  loadAll(): Promise<ImageSet> {
    return imageSetOf(this);
  }

  fingerprint(): string {
    return filesFingerprint(this, this.path, this.files);
  }

  close(): Promise<void> {
    return this.#decoder.close();
  }
}

/** The folder of a split, or `otherwise` when it does not exist. */
function splitFolder(root: string, split: "train" | "test", otherwise?: string): string {
  const names: readonly string[] = SPLITS[split];
  const place = (name: string) => names.indexOf(name.toLowerCase());
  const found = entries(root, (name) => place(name) >= 0)
    .filter(({ kind }) => kind === "folder")
    .map(({ name }) => name)
    .sort((a, b) => place(a) - place(b));
  const [first, ...others] = found;
  if (first === undefined) {
    if (otherwise !== undefined) return otherwise;
    throw new DataError(`folder: ${root} has no ${names.join("/, ")}/ for the ${split} split`, {
      path: root,
    });
  }
  const twin = others.find((name) => place(name) === place(first));
  if (twin !== undefined)
    throw new DataError(`folder: ${root} has both ${first}/ and ${twin}/; expected one of them`, {
      path: root,
    });
  if (others.length > 0)
    talk(`folder:${root}: ${first}/ is the ${split} split; ${others.join("/, ")}/ left out`);
  return join(root, first);
}
