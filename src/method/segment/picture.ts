/** @file Image files at any size, as bytes and as a model takes them. */

import { readdirSync, readFileSync, statSync } from "node:fs";
import { extname, join } from "node:path";
import sharp from "sharp";
import "../../data/decode.ts"; // which formats sharp may open at all
import type { Normalisation } from "../../data/index.ts";
import { DataError, scope, type Tensor, tensor, UsageError } from "../../tensor/index.ts";

/** 8-bit pixels: red, green and blue of each, or one grey value, row by row. */
export interface Picture {
  width: number;
  height: number;
  channels: 1 | 3;
  data: Uint8Array;
}

const LARGEST = 64e6;
const ENDINGS = [".jpg", ".jpeg", ".png", ".webp", ".gif"];

/** An image, or the images of a folder by name, not of its sub-folders. @throws {UsageError} none there */
export function imagePaths(path: string): string[] {
  const at = statSync(path, { throwIfNoEntry: false });
  if (at === undefined)
    throw new UsageError(`${path}: nothing there; expected an image or a folder of images`, { path });
  if (!at.isDirectory()) return [path];
  const names = readdirSync(path).filter((name) => ENDINGS.includes(extname(name).toLowerCase()));
  if (names.length === 0)
    throw new UsageError(`${path}: expected images that end in ${ENDINGS.join(", ")}, found none`, { path });
  return names.sort().map((name) => join(path, name));
}

/**
 * Decodes an image, stretched to a size where one is given (Lanczos).
 * @throws {DataError} not a whole image
 */
export async function readPicture(
  path: string,
  options: { channels?: 1 | 3; size?: readonly [height: number, width: number] } = {},
): Promise<Picture> {
  const { channels = 3, size } = options;
  try {
    const opened = sharp(readFileSync(path), { limitInputPixels: LARGEST, failOn: "error" }).removeAlpha();
    const coloured = opened.toColourspace(channels === 3 ? "srgb" : "b-w");
    const [height, width] = size ?? [];
    const sized =
      size === undefined
        ? coloured
        : coloured.resize({ width: width!, height: height!, fit: "fill", kernel: "lanczos3" });
    const { data, info } = await sized.raw({ depth: "uchar" }).toBuffer({ resolveWithObject: true });
    if (info.channels !== channels) throw new Error(`it has ${info.channels} channels, expected ${channels}`);
    return { width: info.width, height: info.height, channels, data: new Uint8Array(data) };
  } catch (cause) {
    throw new DataError(`${path}: cannot be read as an image: ${(cause as Error).message.split("\n")[0]}`, {
      path,
      cause,
    });
  }
}

/** Pixels as a model takes them: float32 [c, H, W], normalised. */
export function normalised({ width, height, channels, data }: Picture, { mean, std }: Normalisation): Tensor {
  return scope(() => {
    const constant = (values: readonly number[]) => tensor([...values]).reshape([channels, 1, 1]);
    const X = tensor(data, { shape: [height, width, channels] })
      .permute([2, 0, 1])
      .to("float32");
    return X.div(255).sub(constant(mean)).div(constant(std)).contiguous();
  }, "normalised");
}
