/** @file `vitrine segment`: images through a model, pictures of what its patches show, scores against true masks. */

import { basename, extname, join } from "node:path";
import {
  averagePrecision,
  bestHeadIou,
  byClass,
  codeColours,
  coverage,
  enlarge,
  imagePaths,
  type Judged,
  judge,
  type Look,
  largestEntries,
  largestMass,
  look,
  type Mask,
  type MasksOf,
  maskCut,
  normalised,
  openModel,
  type Picture,
  paperColours,
  readCoco,
  readMasks,
  readPicture,
  type Threshold,
  type TrueMask,
  tokenCut,
} from "../../method/segment/index.ts";
import { scope, stack, type Tensor, UsageError } from "../../tensor/index.ts";
import { makeFolder, writeFileAtomic } from "../../tensor/write-file.ts";
import { figure, imageGrid } from "../chart/index.ts";
import { type Pixels, writePng } from "../closed-loop-pictures.ts";
import { pngDataUri } from "../png.ts";
import { coloured, cutOut, heat, inRows, plain } from "./paint.ts";

export type SegmentMethod = "attention" | "tokencut" | "maskcut" | "pca";

export interface SegmentOptions {
  method: SegmentMethod;
  /** Side that images are stretched to; the model's own when left out. */
  size?: number;
  /** 1 to the depth; when left out the last but one for attention, the last for the others. */
  layer?: number;
  /** Where the weights are a file of no published size. */
  heads?: number;
  /** The weights that training starts from, for comparison. */
  untrained?: boolean;
  /** How attention becomes a mask where it is judged, and what share of it is kept; mass, 0.6. */
  threshold?: Threshold;
  share?: number;
  /** τ of the cuts; 0.2 for tokencut, 0.15 for maskcut. */
  tau?: number;
  /** The paper's colours, or its code's. */
  colours?: "paper" | "code";
  /** Folder of true masks, or a COCO file of them. */
  masks?: string;
  output: string;
}

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
  const { method, size, heads, untrained = false, masks, output } = options;
  if (masks !== undefined && method === "pca")
    throw new UsageError("--masks: colours are no masks; judge attention, tokencut or maskcut", {
      path: "--masks",
    });
  const paths = imagePaths(images);
  const trueMasks = masksFrom(masks);
  const { model, normalise } = openModel(weights, {
    untrained,
    ...(size !== undefined && { size: [size, size] as const }),
    ...(heads !== undefined && { heads }),
  });
  try {
    const layer = layerOf(options.layer, model.options.depth, method);
    const { imageSize, channels = 3 } = model.options;
    const side = typeof imageSize === "number" ? ([imageSize, imageSize] as const) : imageSize;
    makeFolder(output);
    const scores = scorer(options);
    const written: string[] = [];
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
    return [...scores.lines(), ...written];
  } finally {
    model.dispose();
  }
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

/** Image and heads: above their attention, below the mask of it. */
async function drawAttention(
  path: string,
  picture: Picture,
  { grid, maps }: Look,
  layer: number,
  options: SegmentOptions,
): Promise<string[]> {
  const binary = binariser(options);
  const [rows, columns] = grid;
  const heads = maps[layer]!;
  const upper = [plain(picture), ...heads.map((head) => heat(picture, grid, head))];
  const lower = heads.map((head) => cutOut(picture, [{ rows, columns, cells: binary(head) }]));
  const tiles = [...upper, plain(picture), ...lower];
  await writePng(`${path}-attention.png`, inRows(tiles, heads.length + 1));
  const source = ({ data, width, height }: Pixels) => ({
    source: pngDataUri(data, width, height),
    aspect: width / height,
  });
  const { svg } = figure(
    {
      title: `What the class token attends to in layer ${layer + 1} of ${maps.length}, by head`,
      subtitle: "yellow is each map's largest weight; below, what a threshold keeps of it",
      width: Math.min(1100, Math.max(640, 120 + tiles.length * 44)),
    },
    imageGrid({
      images: tiles.map(source),
      columns: heads.length + 1,
      columnNames: ["image", ...heads.map((_, k) => `head ${k + 1}`)],
      rowNames: ["attention", "mask"],
    }),
  );
  writeFileAtomic(`${path}-attention.svg`, svg);
  return [`${path}-attention.png`, `${path}-attention.svg`];
}

/** All images at once: components are those of all their patches together. */
async function drawColours(
  features: readonly Tensor[],
  shown: readonly { path: string; picture: Picture; grid: Look["grid"] }[],
  { colours = "paper", output }: SegmentOptions,
): Promise<string[]> {
  const { grid } = shown[0]!;
  const made = scope(() => (colours === "paper" ? paperColours : codeColours)(stack(features, 0), grid));
  const written: string[] = [];
  for (const [j, { path, picture }] of shown.entries()) {
    const file = join(output, `${path}-pca.png`);
    await writePng(file, inRows([plain(picture), coloured(picture, grid, made[j]!.colours)], 2));
    written.push(file);
  }
  return written;
}

const binariser =
  ({ threshold = "mass", share = 0.6 }: SegmentOptions) =>
  (map: Float64Array): Uint8Array =>
    threshold === "mass" ? largestMass(map, share) : largestEntries(map, share);

/** Collects scores image by image. */
function scorer(options: SegmentOptions) {
  const binary = binariser(options);
  /** ious[layer]: one per image. */
  const ious: number[][] = [];
  const boxes: Judged[] = [];
  const shapes: Judged[] = [];
  return {
    attention({ grid, maps }: Look, truth: readonly TrueMask[]): void {
      const objects = byClass(truth).map(({ mask }) => coverage(mask, grid));
      maps.forEach((heads, l) => {
        ious[l] ??= [];
        ious[l]!.push(bestHeadIou(heads.map(binary), objects));
      });
    },
    cuts(found: readonly Mask[], truth: readonly TrueMask[]): void {
      const { rows, columns } = truth[0]!.mask;
      const masks = found.map((mask) => enlarge(mask, rows, columns));
      // as CutLER: no prediction is surer than another
      const judged = judge(
        masks,
        truth,
        masks.map(() => 1),
      );
      boxes.push(judged.boxes);
      shapes.push(judged.masks);
    },
    lines(): string[] {
      const percent = (value: number) => (Number.isNaN(value) ? "–" : (100 * value).toFixed(1)).padStart(6);
      const mean = (values: readonly number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;
      const row = (name: string, images: readonly Judged[]) => {
        const { ap, ap50, ap75, small, medium, large } = averagePrecision(images);
        const sizes = `small ${percent(small)}  medium ${percent(medium)}  large ${percent(large)}`;
        return `${name}  AP50 ${percent(ap50)}  AP75 ${percent(ap75)}  AP ${percent(ap)}  ${sizes}`;
      };
      if (ious.length > 0)
        return [
          `mIoU of the best head, % (${ious[0]!.length} images)`,
          ...ious.map((values, l) => `layer ${String(l + 1).padStart(2)}  ${percent(mean(values))}`),
        ];
      if (boxes.length > 0)
        return [`average precision, % (${boxes.length} images)`, row("boxes", boxes), row("masks", shapes)];
      return options.masks === undefined ? [] : [`${options.masks}: no masks of these images`];
    },
  };
}
