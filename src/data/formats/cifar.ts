/** @file CIFAR-10 and CIFAR-100; of their binary versions, records of label bytes and 3 × 32 × 32 colour planes. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { DataError } from "../../base/errors.ts";
import { firstExisting } from "../sets/find.ts";
import { checkImageSet, type ImageSet } from "../sets/image-set.ts";
import { findPickles, readPickle } from "./cifar-python.ts";

const SIDE = 32;
const PIXELS = 3 * SIDE * SIDE;

interface CifarLayout {
  /** The folder inside the official archive. */
  readonly folder: string;
  readonly files: { readonly train: readonly string[]; readonly test: readonly string[] };
  /** Bytes before the pixels; the last one is the (fine) label. */
  readonly labelBytes: number;
  readonly imagesPerFile: { readonly train: number; readonly test: number };
  readonly names: string;
  readonly classes: number;
}

export const CIFAR: Readonly<Record<"cifar10" | "cifar100", CifarLayout>> = {
  cifar10: {
    folder: "cifar-10-batches-bin",
    files: { train: [1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`), test: ["test_batch.bin"] },
    labelBytes: 1,
    imagesPerFile: { train: 10_000, test: 10_000 },
    names: "batches.meta.txt",
    classes: 10,
  },
  cifar100: {
    folder: "cifar-100-binary",
    files: { train: ["train.bin"], test: ["test.bin"] },
    labelBytes: 2,
    imagesPerFile: { train: 50_000, test: 10_000 },
    names: "fine_label_names.txt",
    classes: 100,
  },
};

/** The folder with the files of a split: `dir` itself, or the archive's folder inside it. */
export function findCifar(
  dir: string,
  name: keyof typeof CIFAR,
  split: "train" | "test",
): string | undefined {
  const layout = CIFAR[name];
  return [dir, join(dir, layout.folder)].find((at) => firstExisting(at, layout.files[split]) !== undefined);
}

/** Whether `dir` has a split, as binary files or as Python's. */
export const hasCifar = (dir: string, name: keyof typeof CIFAR, split: "train" | "test"): boolean =>
  findCifar(dir, name, split) !== undefined || findPickles(dir, name, split) !== undefined;

/** Whether `dir` has the compact form of CIFAR-10, which its own script unpacks. */
export function isCompactCifar(dir: string): boolean {
  return existsSync(join(dir, "test_batch.med.gz"));
}

/** The size in bytes of each file of a split. */
export function cifarFileBytes(name: keyof typeof CIFAR, split: "train" | "test"): number {
  const layout = CIFAR[name];
  return layout.imagesPerFile[split] * (layout.labelBytes + PIXELS);
}

/**
 * Reads one split of CIFAR-10 or CIFAR-100 (with its 100 fine labels).
 * `dir` is the folder with the .bin files or Python's pickles, or the one that holds it.
 * @throws DataError when a file is missing, has another size, or holds a label out of range
 */
export async function readCifar(
  dir: string,
  name: keyof typeof CIFAR,
  split: "train" | "test",
  classes: readonly string[],
): Promise<ImageSet> {
  const layout = CIFAR[name];
  const folder = findCifar(dir, name, split);
  if (folder === undefined) {
    const pickles = findPickles(dir, name, split);
    if (pickles !== undefined) return readPickles(pickles, name, classes, layout.imagesPerFile[split]);
    if (name === "cifar10" && isCompactCifar(dir))
      throw new DataError(
        `cifar10: ${dir} holds the compact form; run its "node unpack.mjs OUT" and use OUT`,
      );
    throw new DataError(
      `${name}: no file ${layout.files[split][0]} in ${dir}; run "vitrine data get ${name}"`,
    );
  }
  const perFile = layout.imagesPerFile[split];
  const count = perFile * layout.files[split].length;
  const images = new Uint8Array(count * PIXELS);
  const labels = new Int32Array(count);
  for (const [f, file] of layout.files[split].entries()) {
    const bytes = await readBatch(folder, file, name, cifarFileBytes(name, split));
    const record = layout.labelBytes + PIXELS;
    for (let i = 0; i < perFile; i++) {
      const pixels = i * record + layout.labelBytes;
      labels[f * perFile + i] = bytes[pixels - 1]!;
      images.set(bytes.subarray(pixels, pixels + PIXELS), (f * perFile + i) * PIXELS);
    }
  }
  const names = (await readNames(join(folder, layout.names), layout.classes)) ?? classes;
  return checkImageSet({
    name,
    count,
    channels: 3,
    height: SIDE,
    width: SIDE,
    classes: names,
    labels,
    images,
  });
}

async function readPickles(
  paths: readonly string[],
  name: keyof typeof CIFAR,
  classes: readonly string[],
  perFile: number,
): Promise<ImageSet> {
  const count = perFile * paths.length;
  const images = new Uint8Array(count * PIXELS);
  const labels = new Int32Array(count);
  for (const [f, path] of paths.entries()) {
    const batch = await readPickle(path, name, perFile, PIXELS);
    images.set(batch.images, f * perFile * PIXELS);
    labels.set(batch.labels, f * perFile);
  }
  const sizes = { count, channels: 3, height: SIDE, width: SIDE };
  return checkImageSet({ name, ...sizes, classes, labels, images });
}

async function readBatch(folder: string, file: string, name: string, expected: number): Promise<Uint8Array> {
  const path = join(folder, file);
  const bytes = await readFile(path).catch((cause: Error) => {
    throw new DataError(`${name}: file ${file} cannot be read: ${cause.message}`, { path, cause });
  });
  if (bytes.length !== expected)
    throw new DataError(
      `${name}: file ${file} has ${bytes.length} bytes, expected ${expected}; ` +
        `delete it and run "vitrine data get ${name}"`,
      { path },
    );
  return bytes;
}

/** The class names beside the data, one a line; none when the file is not there or not complete. */
async function readNames(path: string, classes: number): Promise<string[] | undefined> {
  const text = await readFile(path, "utf8").catch(() => "");
  const names = text.split(/\r?\n/).map((line) => line.trim());
  const filled = names.filter((line) => line !== "");
  return filled.length === classes ? filled : undefined;
}
