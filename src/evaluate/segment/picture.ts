/** @file Image files at any size, as bytes and as a model takes them. */

import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { ENDINGS } from "../../data/image/endings.ts";
import { imagesIn, sayLeftOut } from "../../data/image/image-files.ts";
import { type Picture, toGrey } from "../../data/image/picture.ts";
import { readImage } from "../../data/image/read.ts";
import { type Kernel, resample } from "../../data/image/resample.ts";
import type { Normalisation } from "../../data/index.ts";
import { DataError, scope, type Tensor, tensor, UsageError } from "../../tensor/index.ts";

export type { Picture };

/** An image, or the images of a folder by name, not of its sub-folders. @throws {UsageError} none there */
export function imagePaths(path: string): string[] {
  const at = statSync(path, { throwIfNoEntry: false });
  if (at === undefined)
    throw new UsageError(`${path}: nothing there; expected an image or a folder of images`, { path });
  if (!at.isDirectory()) return [path];
  const { files, leftOut } = imagesIn(path);
  if (files.length === 0)
    throw new UsageError(`${path}: expected images that end in ${ENDINGS.join(", ")}, found none`, { path });
  sayLeftOut(path, leftOut);
  return files.map((name) => join(path, name));
}

/**
 * Decodes an image, stretched to a size where one is given (Lanczos unless given).
 * @throws {DataError} not a whole image
 */
export async function readPicture(
  path: string,
  options: { channels?: 1 | 3; size?: readonly [height: number, width: number]; kernel?: Kernel } = {},
): Promise<Picture> {
  const { channels = 3, size, kernel = "lanczos" } = options;
  try {
    const colours = await readImage(readFileSync(path));
    const whole = channels === 1 ? toGrey(colours) : colours;
    return size === undefined ? whole : resample(whole, size[1], size[0], kernel);
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
