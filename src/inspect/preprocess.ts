/** @file How a model's images are made from files: what its folder says, else what is usual. */

import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { DataError } from "../base/errors.ts";
import { leastOf } from "../base/extremes.ts";
import { type Size, sides } from "../base/size.ts";
import { decodeImage } from "../data/image/decode.ts";
import type { Kernel } from "../data/image/resample.ts";
import { IMAGENET, type Normalisation } from "../data/index.ts";
import { readPicture } from "../evaluate/segment/index.ts";
import { configBeside } from "../train/weights/elsewhere.ts";

export interface Preprocessing {
  /** Height and width of the images that the model is given. */
  size: readonly [height: number, width: number];
  /** The shorter side before the centre is cut out; stretched to the size where there is none. */
  short?: number;
  kernel: Kernel;
  channels: 1 | 3;
  /** Where anything beside the weights says; else what the model's opener takes. */
  normalise?: Normalisation;
  /** Who says so, for people. */
  from: string;
}

type Values = Readonly<Record<string, unknown>>;

/** Pillow's numbers of its filters. */
const KERNELS: Readonly<Record<number, Kernel>> = { 1: "lanczos", 2: "linear", 3: "cubic" };
const NAMED: Readonly<Record<string, Kernel>> = { bilinear: "linear", bicubic: "cubic", lanczos: "lanczos" };

/**
 * The preprocessing of a file of weights: by preprocessor_config.json beside it, by timm's config.json, else the shorter side
 * brought to the model's, bicubic, the centre cut out, ImageNet's mean and deviation.
 *
 * @throws {DataError} one that ours cannot do
 */
export function preprocessingOf(file: string, own: Size, colours: boolean): Preprocessing {
  if (!colours)
    return { size: sides(own), kernel: "lanczos", channels: 1, from: "grey, as the model takes them" };
  const path = join(dirname(file), "preprocessor_config.json");
  if (existsSync(path)) return byProcessor(valuesOf(readFileSync(path, "utf8"), path), path, own);
  const { pretrained_cfg: timm } = configBeside(file);
  if (isValues(timm)) return byTimm(timm, own);
  const size = sides(own);
  const short = leastOf(size);
  return { size, short, kernel: "cubic", channels: 3, from: "assumed, for nothing beside the weights says" };
}

function byProcessor(values: Values, path: string, own: Size): Preprocessing {
  const wrong = (what: string): never => {
    throw new DataError(`${path}: ${what}`, { path });
  };
  const kernel =
    KERNELS[(values.resample as number | undefined) ?? 2] ??
    wrong(`expected resample 1, 2 or 3, got ${values.resample}`);
  const { rescale_factor: factor = 1 / 255 } = values;
  if (Math.abs((factor as number) - 1 / 255) > 1e-6) wrong(`expected rescale_factor 1/255, got ${factor}`);
  const crop = values.do_center_crop === true ? sizeIn(values.crop_size) : undefined;
  const { size: given } = values;
  const short =
    isValues(given) && typeof given.shortest_edge === "number"
      ? given.shortest_edge
      : crop && typeof given === "number"
        ? given
        : undefined;
  const size = crop ?? (short === undefined ? sizeIn(given) : undefined) ?? sides(own);
  const plain = { mean: [0, 0, 0], std: [1, 1, 1] };
  const normalise =
    values.do_normalize === false
      ? plain
      : (normalisationIn(values.image_mean, values.image_std) ??
        wrong("expected image_mean and image_std of three channels"));
  return {
    size,
    ...(short !== undefined && { short }),
    kernel,
    channels: 3,
    normalise,
    from: "by preprocessor_config.json",
  };
}

function byTimm(values: Values, own: Size): Preprocessing {
  const { input_size: input, crop_pct: share, interpolation } = values;
  const size =
    Array.isArray(input) && input.length === 3 ? ([input[1], input[2]] as [number, number]) : sides(own);
  const short = Math.floor(leastOf(size) / (typeof share === "number" && share > 0 ? share : 0.875));
  const kernel = NAMED[interpolation as string] ?? "cubic";
  const normalise = normalisationIn(values.mean, values.std) ?? IMAGENET;
  return { size, short, kernel, channels: 3, normalise, from: "by timm's config.json" };
}

/** 224, or {height, width}. */
function sizeIn(value: unknown): [number, number] | undefined {
  if (typeof value === "number") return [value, value];
  if (isValues(value) && typeof value.height === "number" && typeof value.width === "number")
    return [value.height, value.width];
  return undefined;
}

function normalisationIn(mean: unknown, std: unknown): Normalisation | undefined {
  const numbers = (value: unknown): value is number[] =>
    Array.isArray(value) && value.length === 3 && value.every((each) => typeof each === "number");
  return numbers(mean) && numbers(std) ? { mean, std } : undefined;
}

const isValues = (value: unknown): value is Values =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function valuesOf(text: string, path: string): Values {
  try {
    const values: unknown = JSON.parse(text);
    if (isValues(values)) return values;
  } catch {
    // said below
  }
  throw new DataError(`${path}: expected the settings of an image processor, got something else`, { path });
}

/** Bytes [3, height, width] of an image file. @throws {DataError} not a whole image */
export async function imageFor(
  path: string,
  { size, short, kernel, channels }: Preprocessing,
): Promise<Uint8Array> {
  if (short !== undefined)
    return await decodeImage(path, [...size], { short, kernel }).catch((cause: Error) => {
      throw new DataError(`${path}: cannot be read as an image: ${cause.message.split("\n")[0]}`, {
        path,
        cause,
      });
    });
  const { data, width, height } = await readPicture(path, { size, kernel, channels });
  const plane = width * height;
  const planes = new Uint8Array(channels * plane);
  for (let c = 0; c < channels; c++)
    for (let i = 0; i < plane; i++) planes[c * plane + i] = data[channels * i + c]!;
  return planes;
}

/** `images of 224 × 224, from a shorter side of 256, cubic, by preprocessor_config.json` */
export function inWords({ size, short, kernel, normalise, from }: Preprocessing): string {
  const how = short === undefined ? "stretched" : `the centre, the shorter side brought to ${short}`;
  const pixels = normalise && `, mean ${normalise.mean.join(" ")}, deviation ${normalise.std.join(" ")}`;
  return `images of ${size.join(" × ")}, ${how}, ${kernel}${pixels ?? ""}: ${from}`;
}
