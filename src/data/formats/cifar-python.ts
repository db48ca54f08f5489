/** @file The Python versions of CIFAR-10 and CIFAR-100, as torchvision keeps them: pickles of Python 2 with one array each. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { DataError } from "../../base/errors.ts";
import { Allowance } from "../../base/limits.ts";
import { PickledObject, type PickleValue, unpickle } from "../../tensor/pickle.ts";

interface PythonLayout {
  /** The folder inside the official archive. */
  readonly folder: string;
  readonly files: { readonly train: readonly string[]; readonly test: readonly string[] };
  /** A file beside them, which tells the folder from others with a file called train. */
  readonly about: string;
  /** The list of labels in a pickle. */
  readonly labels: string;
}

const PYTHON: Readonly<Record<"cifar10" | "cifar100", PythonLayout>> = {
  cifar10: {
    folder: "cifar-10-batches-py",
    files: { train: [1, 2, 3, 4, 5].map((i) => `data_batch_${i}`), test: ["test_batch"] },
    about: "batches.meta",
    labels: "labels",
  },
  cifar100: {
    folder: "cifar-100-python",
    files: { train: ["train"], test: ["test"] },
    about: "meta",
    labels: "fine_labels",
  },
};

/** The pickles of a split, in `dir` or in the archive's folder inside it; nothing where they are not there. */
export function findPickles(
  dir: string,
  name: keyof typeof PYTHON,
  split: "train" | "test",
): string[] | undefined {
  const { folder, files, about } = PYTHON[name];
  const holds = (at: string) => [about, files[split][0]!].every((file) => existsSync(join(at, file)));
  const found = [dir, join(dir, folder)].find(holds);
  return found === undefined ? undefined : files[split].map((file) => join(found, file));
}

/**
 * One pickle's images and labels. Nothing in it is executed.
 * @param count images in it
 * @param pixels bytes of an image
 * @throws DataError where it cannot be read or holds something else
 */
export async function readPickle(
  path: string,
  name: keyof typeof PYTHON,
  count: number,
  pixels: number,
): Promise<{ images: Uint8Array; labels: number[] }> {
  const bytes = await readFile(path).catch((cause: Error) => {
    throw new DataError(`${name}: ${path} cannot be read: ${cause.message}`, { path, cause });
  });
  const { data, [PYTHON[name].labels]: labels } = entriesOf(path, bytes);
  const state = data instanceof PickledObject ? data.state : undefined;
  const images = Array.isArray(state) ? state[4] : undefined; //               (version, shape, dtype, order, bytes)
  const isLabel = (value: PickleValue): value is number => Number.isInteger(value);
  if (
    !(images instanceof Uint8Array && images.length === count * pixels) ||
    !(Array.isArray(labels) && labels.length === count && labels.every(isLabel))
  )
    throw new DataError(
      `${name}: ${path} is no batch of ${count} images; delete it and run "vitrine data get ${name}"`,
      { path },
    );
  return { images, labels };
}

function entriesOf(path: string, bytes: Uint8Array): Record<string, PickleValue | undefined> {
  try {
    const allowance = new Allowance(bytes.length, path);
    const { value } = unpickle(bytes, { path, kinds: new Map(), allowance, stringsAreBytes: true });
    const text = (key: PickleValue) =>
      key instanceof Uint8Array ? Buffer.from(key).toString() : String(key);
    return value instanceof Map ? Object.fromEntries([...value].map(([key, item]) => [text(key), item])) : {};
  } catch (cause) {
    throw new DataError(`${(cause as Error).message}`, { path, cause });
  }
}
