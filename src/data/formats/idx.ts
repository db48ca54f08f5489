/** @file The IDX format of MNIST and Fashion-MNIST, plain or gzipped. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { DataError } from "../../base/errors.ts";
import { unpack } from "../../base/unpack.ts";
import { firstExisting } from "../sets/find.ts";
import { checkImageSet, type ImageSet } from "../sets/image-set.ts";

const IMAGES = 0x00000803;
const LABELS = 0x00000801;
/** The first ten training labels tell MNIST from Fashion-MNIST, whose files have the same names. */
const FIRST_LABELS: Record<string, string> = {
  mnist: "5041921314",
  "fashion-mnist": "9003027255",
};

/** The names a split's files go by, the official one first. */
export function idxNames(split: "train" | "test"): { images: string[]; labels: string[] } {
  const prefix = split === "train" ? "train" : "t10k";
  const names = (kind: string, rank: number) =>
    ["-idx", ".idx"].flatMap((mark) => {
      const name = `${prefix}-${kind}${mark}${rank}-ubyte`;
      return [`${name}.gz`, name];
    });
  return { images: names("images", 3), labels: names("labels", 1) };
}

/** Whether `folder` has a split's images under one of their names. */
export function hasIdx(folder: string, split: "train" | "test"): boolean {
  return firstExisting(folder, idxNames(split).images) !== undefined;
}

/**
 * Reads one split of an MNIST-like set from its folder.
 * @throws DataError when a file is missing, damaged, or belongs to another set
 */
export async function readIdxSet(
  folder: string,
  split: "train" | "test",
  set: { name: string; classes: readonly string[] },
): Promise<ImageSet> {
  const files = idxNames(split);
  const images = await readIdxImages(find(folder, files.images, set.name));
  const { data } = await readIdx(find(folder, files.labels, set.name), LABELS);
  if (data.length !== images.count)
    throw new DataError(`${set.name}: ${data.length} labels for ${images.count} images in ${folder}`);
  const labels = Int32Array.from(data);
  if (split === "train") refuseOtherSet(set.name, labels, folder);
  const { count, height, width, data: pixels } = images;
  return checkImageSet({ ...set, count, channels: 1, height, width, labels, images: pixels });
}

/** Images [count, height, width] as bytes. @throws DataError */
export async function readIdxImages(path: string) {
  const { sizes, data } = await readIdx(path, IMAGES);
  return { count: sizes[0]!, height: sizes[1]!, width: sizes[2]!, data };
}

/** Labels [count] as bytes. @throws DataError */
export async function readIdxLabels(path: string): Promise<Uint8Array> {
  return (await readIdx(path, LABELS)).data;
}

async function readIdx(path: string, magic: number) {
  const bytes = await readBytes(path);
  const rank = magic & 0xff;
  const header = 4 + 4 * rank;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length >= 4 && view.getUint32(0) !== magic) {
    const [expected, received] = [magic, view.getUint32(0)].map(
      (n) => `0x${n.toString(16).padStart(8, "0")}`,
    );
    throw new DataError(
      `${path}: wrong magic number ${received}, expected ${expected} (IDX, ${rank}-d bytes)`,
      {
        path,
      },
    );
  }
  if (bytes.length < header)
    throw new DataError(`${path}: truncated: ${bytes.length} bytes, expected a header of ${header}`, {
      path,
    });
  const sizes = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  const expected = header + sizes.reduce((a, b) => a * b, 1);
  if (bytes.length !== expected) {
    const what = bytes.length < expected ? "truncated" : "wrong size";
    const shape = `[${sizes.join(", ")}]`;
    throw new DataError(`${path}: ${what}: ${bytes.length} bytes, expected ${expected} for ${shape}`, {
      path,
    });
  }
  return { sizes, data: new Uint8Array(bytes.buffer, bytes.byteOffset + header, bytes.length - header) };
}

async function readBytes(path: string): Promise<Uint8Array> {
  const bytes = await readFile(path).catch((cause: Error) => {
    throw new DataError(`${path}: cannot be read: ${cause.message}`, { path, cause });
  });
  return path.endsWith(".gz") ? unpack("gzip", bytes, path) : bytes;
}

function find(folder: string, names: string[], set: string): string {
  const name = firstExisting(folder, names);
  if (name !== undefined) return join(folder, name);
  throw new DataError(`${set}: no file ${names[0]} in ${folder}; run "vitrine data get ${set}"`);
}

function refuseOtherSet(name: string, labels: Int32Array, folder: string): void {
  const first = labels.subarray(0, 10).join("");
  const other = Object.keys(FIRST_LABELS).find((key) => key !== name && FIRST_LABELS[key] === first);
  if (name in FIRST_LABELS && other !== undefined)
    throw new DataError(`${name}: ${folder} holds ${other}; put each set into a folder of its own name`);
}
