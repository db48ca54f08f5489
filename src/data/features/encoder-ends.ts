/** @file What an encoder takes and gives, read off its model: sizes, element types, order of axes. */

import { UsageError } from "../../base/errors.ts";
import type { ValueInfo } from "./runtime.ts";

/** Element types of images that are given to encoders. */
export const PIXEL_TYPES = ["float32", "float16", "float64", "uint8"] as const;
export type PixelType = (typeof PIXEL_TYPES)[number];

/** Element types of features, which become float32. */
const FEATURE_TYPES = ["float32", "float16", "float64"];

/** Side of the images for a model that takes any. */
const USUAL_SIZE = 224;

export interface EncoderInput {
  name: string;
  dtype: PixelType;
  size: number;
  /** Whether colours are the last axis: [b, size, size, 3]. */
  last: boolean;
  /** Images at a time, where the model takes no other number. */
  batch: number | undefined;
}

/** A shape as it can stand in a message. */
export const shown = (shape: readonly (number | string)[] | undefined): string =>
  `[${(shape ?? []).join(", ")}]`;

/** The model's one input, as images. @throws {UsageError} it takes something else than what is asked for */
export function checkInput(
  path: string,
  inputs: readonly ValueInfo[],
  asked: { size?: number; dtype?: PixelType },
): EncoderInput {
  const [input] = inputs;
  if (input === undefined || inputs.length !== 1)
    throw new UsageError(
      `encoder ${path}: expected one input, images; it has ${inputs.map(({ name }) => name).join(", ") || "none"}`,
    );
  const { shape = [], type } = input;
  const sizes = [0, 1, 2, 3].map((axis) => fixed(shape[axis]));
  const last = sizes[3] === 3 && sizes[1] !== 3;
  const [rows, columns] = last ? sizes.slice(1, 3) : sizes.slice(2, 4);
  const size = asked.size ?? rows ?? columns ?? USUAL_SIZE;
  const dtype = PIXEL_TYPES.find((known) => known === type);
  const fits =
    (shape.length === 4 || shape.length === 0) &&
    [last ? sizes[3] : sizes[1], rows, columns].every(
      (own, i) => own === undefined || own === (i === 0 ? 3 : size),
    );
  if (dtype === undefined || !fits || (asked.dtype ?? dtype) !== dtype)
    throw new UsageError(
      `encoder ${path}: expected an input ${asked.dtype ?? dtype ?? PIXEL_TYPES.join(" or ")} [batch, 3, ${size}, ${size}], the model takes ${type} ${shown(shape)}`,
    );
  return { name: input.name, dtype, size, last, batch: sizes[0] };
}

/** A size that the model fixes. */
const fixed = (size: number | string | undefined): number | undefined =>
  typeof size === "number" && size > 0 ? size : undefined;

/** The name of the output with the features. @throws {UsageError} it is not there, not clear, or of another shape */
export function chooseOutput(path: string, outputs: readonly ValueInfo[], given: string | undefined): string {
  const names = outputs.map(({ name }) => name);
  const usual = names.includes("image_embeds") ? "image_embeds" : names.length === 1 ? names[0] : undefined;
  const chosen = outputs.find(({ name }) => name === (given ?? usual));
  if (chosen === undefined)
    throw new UsageError(
      `encoder ${path}: expected output to be one of ${names.join(", ")}, got ${given ?? "none"}; name one with --encoder-output`,
    );
  const { type = "", shape = [] } = chosen;
  const flat = shape.length === 0 || (shape.length >= 2 && shape.slice(2).every((size) => size === 1));
  if (!FEATURE_TYPES.includes(type) || !flat)
    throw new UsageError(
      `encoder ${path}: expected features float32 [batch, d] from ${chosen.name}, the model gives ${type} ${shown(shape)}`,
    );
  return chosen.name;
}
