/** @file Options that families share: sizes of tokens, patches of images; and what they must be to one another. */

import { z } from "zod";
import { amount, count, layers, pixels, positive, size, width } from "../base/bounds.ts";
import { areaOf, gridOf, type Size, sides, sizeInWords } from "../base/size.ts";
import { UsageError } from "../tensor/index.ts";
import type { Conflict } from "./family.ts";

export const channels = count
  .exactOptional()
  .describe("channels of the input image (default: those of the data set)");
/** How wide tokens are, and the layers. */
export const tokenSizes = {
  dim: width.exactOptional().describe("width d of a token (default: that of a named size)"),
  depth: layers.exactOptional().describe("number of layers L (default: that of a named size)"),
  heads: width.exactOptional().describe("number of heads K; MSSA has one subspace per head"),
};
export const headDim = width
  .exactOptional()
  .describe("dimension p of a head's subspace (default: dim / heads)");
/** What images are cut into. */
export const patches = {
  patch: size.default(16).describe("side of a square patch in pixels, or height,width; divides imageSize"),
  imageSize: size.default(224).describe("side of the square input image in pixels, or height,width"),
  channels,
};
/** Images of networks without patches. */
export const images = {
  imageSize: size.default(32).describe("side of the square input image in pixels, or height,width"),
  channels,
};
export const features = width.default(128).describe("dimension d of a feature");
export const eta = positive.default(0.1).describe("step size η of ISTA");
export const lambda = amount.default(0.1).describe("sparsity penalty λ of ISTA");
/** Of MSSA's output. */
export const output = {
  tiedOutput: z
    .boolean()
    .default(false)
    .describe("output matrix of MSSA: U itself, as derived, instead of a learned matrix"),
  headSteps: z
    .boolean()
    .default(false)
    .describe("learn a step of each head's tied output, from 1 on; it may change its sign"),
  sign: z.literal([1, -1]).default(1).describe("sign of MSSA: 1 adds it to the tokens, -1 takes it away"),
};
export const pool = z
  .enum(["cls", "mean"])
  .default("cls")
  .describe("input of the head: the class token, or the mean of all tokens");
export { pixels, width };

/** Options of a network of patches, its sizes known. */
export interface PatchOptions {
  /** Side in pixels of a square image, or height and width; a multiple of the patch. */
  imageSize: Size;
  /** Side in pixels of a square patch, or height and width. */
  patch: Size;
  /** 3 unless given. */
  channels?: number;
}

/** Rows and columns of patches. @throws {UsageError} when the patch does not divide the image */
export function patchGrid({
  imageSize,
  patch,
}: Pick<PatchOptions, "imageSize" | "patch">): readonly [number, number] {
  const grid = gridOf(imageSize, patch);
  if (grid === undefined)
    throw new UsageError(
      `imageSize: expected a multiple of the patch ${sizeInWords(patch)}, got ${sizeInWords(imageSize)}`,
    );
  return grid;
}

/** Tokens of an image: patches and the class token. @throws {UsageError} when the patch does not divide the image */
export function tokenCount(imageSize: Size, patch: Size): number {
  const [rows, columns] = patchGrid({ imageSize, patch });
  return rows * columns + 1;
}

/** P, numbers in a patch. */
export const patchNumbers = ({ patch, channels = 3 }: PatchOptions): number => areaOf(patch) * channels;

/** A patch that does not divide the image. */
export function patchConflict({ imageSize, patch }: PatchOptions): Conflict | undefined {
  if (gridOf(imageSize, patch) !== undefined) return undefined;
  const [[H, W], [h, w]] = [sides(imageSize), sides(patch)];
  if (h > H || w > W)
    return {
      key: "patch",
      message: `${sizeInWords(patch)} is more than model.imageSize ${sizeInWords(imageSize)}: no patch fits the image`,
    };
  const near = H === W && h === w ? `; ${divisors(H).join(", ")} do` : "";
  return {
    key: "patch",
    message: `${sizeInWords(patch)} does not divide model.imageSize ${sizeInWords(imageSize)}${near}`,
  };
}

const divisors = (n: number): number[] =>
  Array.from({ length: n - 1 }, (_, i) => i + 2).filter((d) => n % d === 0 && d < n);

/** Heads that do not divide the width, where they have no width of their own. */
export function headConflict(
  { dim, heads, headDim }: { dim: number; heads: number; headDim?: number },
  own = false,
): Conflict | undefined {
  if (headDim !== undefined || dim % heads === 0) return undefined;
  const or = own ? "; change one, or give model.headDim" : "; change one";
  return { key: "heads", message: `${heads} does not divide model.dim ${dim}${or}` };
}

/** Steps that nothing would learn. */
export const outputConflict = (options: {
  tiedOutput?: boolean;
  headSteps?: boolean;
}): Conflict | undefined =>
  options.headSteps && !options.tiedOutput
    ? {
        key: "headSteps",
        message: "steps are of a tied output; a learned one has its own: set model.tiedOutput",
      }
    : undefined;

/** p, the width of a head: as given, or an equal share of the width. */
export const headDimOf = ({
  dim,
  heads,
  headDim,
}: {
  dim: number;
  heads: number;
  headDim?: number;
}): number => headDim ?? dim / heads;
