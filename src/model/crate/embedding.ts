/** @file How CRATE and AoT read an image: patches between two norms, or a stem. */

import { PatchEmbedding } from "../../nn/index.ts";
import type { Random } from "../../tensor/index.ts";
import { type PatchOptions, patchNumbers, tokenCount } from "../settings.ts";
import { type StemOptions, StemTokens, stemCount } from "../stem.ts";

type EmbeddingOptions = PatchOptions & StemOptions & { dim: number };

/** Images [b, c, H, W] → [b, N, d], and the name of its parameters in the authors' files. */
export function embeddingOf(
  { patch, channels = 3, dim, stem }: EmbeddingOptions,
  random: Random,
): [PatchEmbedding | StemTokens, path: string] {
  return stem === "convolutions"
    ? [new StemTokens(patch, channels, dim, random), "patch_embed"]
    : [new PatchEmbedding(patch, channels, dim, random), "to_patch_embedding"];
}

/** Learned parameters: tokens of patches of P numbers, positions of n tokens, the class token. */
export function embeddingCount(options: EmbeddingOptions): number {
  const { dim: d, imageSize, patch, stem } = options;
  const P = patchNumbers(options);
  const patches = stem === "convolutions" ? stemCount(options, d) : 2 * P + (P * d + d) + 2 * d;
  return patches + tokenCount(imageSize, patch) * d + d;
}

/** What begins the names of all that comes before the layers. */
export const BEFORE = ["cls_token", "pos_embedding", "to_patch_embedding", "patch_embed"];
