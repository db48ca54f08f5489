/** @file `vitrine segment`: images through a model, pictures of what its patches show, scores against true masks. */

import { totalmem } from "node:os";
import { basename, extname, join } from "node:path";
import { areaOf, type Size, sides } from "../../base/size.ts";
import { makeFolder } from "../../base/write-file.ts";
import { writePng } from "../../chart/pixels.ts";
import {
  imagePaths,
  type Look,
  look,
  type MasksOf,
  maskCut,
  normalised,
  type Picture,
  readCoco,
  readMasks,
  readPicture,
  type TrueMask,
  tokenCut,
} from "../../evaluate/segment/index.ts";
import type { OpenModelOptions } from "../../method/open-model.ts";
import { scope, type Tensor, UsageError } from "../../tensor/index.ts";
import { drawAttention, drawColours } from "./draw.ts";
import type { SegmentMethod, SegmentOptions } from "./options.ts";
import { type JudgedImage, openFor, seedIous } from "./other-models.ts";
import { cutOut, inRows, plain } from "./paint.ts";
import { differenceLines, scorer } from "./scorer.ts";

export type { SegmentMethod, SegmentOptions } from "./options.ts";

/** Pixels of the longer side of an image in a picture. */
const SHOWN = 224;

/**
 * Segments an image or a folder of images: a PNG and, for attention, an SVG for each.
 *
 * @returns lines to print: scores where masks are given, then the paths of the pictures
 * @throws {UsageError} nothing there, a layer or size that does not fit, masks for colours; {DataError}; {CheckpointError}
 */
export async function segmentImages(
  weights: string,
  images: string,
  options: SegmentOptions,
): Promise<string[]> {
  const { method, heads, untrained = false, masks, output } = options;
  if (masks !== undefined && method === "pca")
    throw new UsageError("--masks: colours are no masks; judge attention, tokencut or maskcut", {
      path: "--masks",
    });
  requireJudged(options);
  const paths = imagePaths(images);
  const trueMasks = masksFrom(masks);
  const own: OpenModelOptions = {
    untrained,
    ...(heads !== undefined && { heads }),
    ...(options.key !== undefined && { key: options.key }),
  };
  const { model, normalise } = await openFor(options, weights, own);
  try {
    const layer = layerOf(options.layer, model.options.depth, method);
    const { imageSize, channels = 3 } = model.options;
    const side = sides(imageSize);
    requireMemory(side, model.options, options.say);
    makeFolder(output);
    const scores = scorer(options);
    const written: string[] = [];
    const judged: JudgedImage[] = [];
    const features: Tensor[] = [];
    const shown: { path: string; picture: Picture; grid: Look["grid"] }[] = [];
    try {
      for (const path of paths) {
        const whole = await readPicture(path);
        const picture = await readPicture(path, { size: shownSize(whole) });
        const input = await readPicture(path, { channels: channels === 1 ? 1 : 3, size: side });
        using image = normalised(input, normalise);
        using seen = look(model, image);
        const name = basename(path, extname(path));
        const truth = await trueMasks(path, [whole.height, whole.width]);
        if (truth.length > 0) judged.push({ path, truth });
        if (method === "pca") {
          features.push(scope(() => seen.features[layer]!.to("cpu").clone()));
          shown.push({ path: name, picture, grid: seen.grid });
        } else if (method === "attention") {
          if (truth.length > 0) scores.attention(seen, truth);
          written.push(...(await drawAttention(join(output, name), picture, seen, layer, options)));
        } else {
          const tau = options.tau === undefined ? {} : { threshold: options.tau };
          const found =
            method === "tokencut"
              ? [tokenCut(seen.features[layer]!, seen.grid, tau)]
              : maskCut(seen.features[layer]!, seen.grid, tau);
          if (truth.length > 0) scores.cuts(found, truth);
          const file = join(output, `${name}-${method}.png`);
          await writePng(file, inRows([plain(picture), cutOut(picture, found, { boxes: true })], 2));
          written.push(file);
        }
      }
      if (method === "pca") written.push(...(await drawColours(features, shown, options)));
    } finally {
      for (const tensor of features) tensor.dispose();
    }
    if (judged.length === 0) return [...scores.lines(), ...written];
    const seeds = await seedIous(options.with, judged, options, own);
    const others = await seedIous(options.against, judged, options);
    const difference =
      others.length === 0 ? [] : differenceLines([scores.ious, ...seeds], others, options.against!, options);
    return [...scores.lines(seeds), ...difference, ...written];
  } finally {
    model.dispose();
  }
}

/** What intervals are of. @throws {UsageError} flags that do not go together */
function requireJudged({ method, masks, bootstrap, ...models }: SegmentOptions): void {
  const { with: seeds, against } = models;
  const given = { "--with": seeds, "--against": against, "--bootstrap": bootstrap };
  const flag = Object.entries(given).find(([, value]) => value !== undefined)?.[0];
  if (flag === undefined) return;
  const refuse = (why: string) => new UsageError(`${flag}: ${why}`, { path: flag });
  if (method !== "attention" || masks === undefined)
    throw refuse("compares the mIoU of attention; give --masks, and --method attention");
  if (bootstrap === undefined) throw refuse("several models have an interval; give --bootstrap 1000");
}

/** Attention has heads × patches² numbers. Says so where they are many; @throws {UsageError} more than the machine holds */
function requireMemory(
  side: readonly [height: number, width: number],
  { patch, heads }: { patch: Size; heads: number },
  say?: (text: string) => void,
): void {
  const patches = areaOf(side) / areaOf(patch);
  const bytes = 4 * heads * patches ** 2;
  const what = `${patches.toLocaleString("en")} patches make attention of ${(bytes / 2 ** 30).toFixed(1)} GiB`;
  if (bytes > totalmem())
    throw new UsageError(`--size: ${what}, more than the memory here; choose a smaller one`, {
      path: "--size",
    });
  if (bytes > 2 ** 30) say?.(`${what}, for each image and layer: this takes long; --size makes them fewer`);
}

/** The true masks of an image at a size; none where there are none. */
function masksFrom(masks: string | undefined) {
  if (masks === undefined) return async (): Promise<TrueMask[]> => [];
  if (extname(masks) === ".json") {
    const coco = readCoco(masks);
    return async (...image: Parameters<typeof coco>) => coco(...image);
  }
  return (...[path, size]: Parameters<MasksOf>) => readMasks(masks, path, size);
}

/** From 0 on. */
function layerOf(layer: number | undefined, depth: number, method: SegmentMethod): number {
  if (layer === undefined) return Math.max(0, method === "attention" ? depth - 2 : depth - 1);
  if (layer >= 1 && layer <= depth) return layer - 1;
  throw new UsageError(`--layer: expected 1 to ${depth}, received ${layer}`, { path: "--layer" });
}

function shownSize({ width, height }: Picture): [height: number, width: number] {
  const scale = SHOWN / Math.max(width, height);
  return [Math.max(1, Math.round(height * scale)), Math.max(1, Math.round(width * scale))];
}
