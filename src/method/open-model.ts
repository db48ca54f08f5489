/** @file A classifier from a run or a file of weights, at any size of images. */

import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import type { Size } from "../base/size.ts";
import { IMAGENET, type Normalisation, normalisation } from "../data/index.ts";
import {
  createModel,
  type DrawnClassifier,
  familyOf,
  interpolatePositions,
  patchGrid,
} from "../model/index.ts";
import { CheckpointError, DataError, random, scope, type Tensor, UsageError } from "../tensor/index.ts";
import { assumptions, headsOf } from "../train/weights/assumed.ts";
import { headsInWeights } from "../train/weights/heads-in-weights.ts";
import { readWeights, type Weights, weightsFile } from "../train/weights/read.ts";
import { type Architecture, recognise } from "../train/weights/recognise.ts";
import { some, transfer } from "../train/weights/transfer.ts";
import { readRecipe } from "./load-run.ts";

export interface OpenedModel {
  /** In evaluation mode; the caller frees it. */
  model: DrawnClassifier;
  /** Of the registry. */
  family: string;
  /** Whether the weights have no head: the model's is then as it was initialised. */
  headless: boolean;
  normalise: Normalisation;
  /** What of a file was read, and what was assumed because no tensor tells it; one line each. */
  notes: string[];
}

export interface OpenModelOptions {
  /** Height and width of the images; those it was trained on when left out. */
  size?: readonly [height: number, width: number];
  /** Heads of a file's weights; those of the published size when left out. */
  heads?: number;
  /** The part of a file, as in `loadTensors`; found when left out. */
  key?: string;
  /** How its pixels are normalised, where somebody knows. */
  normalise?: Normalisation;
  /** The same architecture with the weights that training starts from. */
  untrained?: boolean;
}

/**
 * CRATE, ViT or the encoder of a masked autoencoder from a run folder, a checkpoint or a file. For another size its
 * positions are interpolated, bicubic.
 *
 * @throws {UsageError} nothing there, no such model, heads that are not known, a size that is no multiple of the patch;
 *   {CheckpointError} damaged
 */
export function openModel(path: string, { key, ...options }: OpenModelOptions = {}): OpenedModel {
  using weights = readWeights(path, key);
  return openFrom(weights, path, options);
}

/** As `openModel`, of weights that were read. @param path said in errors and notes */
export function openFrom(
  weights: Weights,
  path: string,
  { size, heads: given, normalise: known, untrained = false }: Omit<OpenModelOptions, "key">,
): OpenedModel {
  const found = recognise(weights.tensors, weights.model);
  if (found === undefined) {
    const why = weights.refused === undefined ? "" : `: ${weights.refused}`;
    throw new UsageError(
      `${path}: expected the weights of a CRATE or a ViT, got those of another model${why}`,
      { path },
    );
  }
  const fits = weights.model?.dim === undefined || weights.model.dim === found.dim;
  const trained = fits ? weights.model : undefined;
  const heads = headsOf(found, given, trained, path, headsInWeights(weights.tensors));
  const own = (trained?.imageSize as Size | undefined) ?? found.imageSize;
  if (own === undefined)
    throw new UsageError(
      `${path}: ${found.patches} patches fill no square, so that no tensor tells the images' height and width`,
      { path },
    );
  if (size !== undefined) patchGrid({ imageSize: size, patch: found.patch }); // refused as a size, not as the model's
  const { family, takes } = classifierFor(found.family);
  const { name: _, ...kept } = trained ?? {};
  const options = {
    ...Object.fromEntries(Object.entries(kept).filter(([key]) => takes.has(key))),
    ...found.settings,
    ...{ dim: found.dim, depth: found.depth, patch: found.patch, channels: found.channels },
    heads: heads.heads,
    ...(takes.has("headDim") && { headDim: found.inner / heads.heads }),
    classes: found.classes ?? 1,
  };
  const build = (imageSize: Size) =>
    createModel(
      family,
      { ...options, imageSize },
      random(1).at("model"),
      "classifier",
    ).eval() as DrawnClassifier;
  const model = build(size ?? own);
  try {
    const { unused } = scope(() => {
      // an untrained model's positions are those of its own size too, brought to this one
      using start = untrained ? build(own) : undefined;
      const tensors = start?.stateDict() ?? weights.tensors;
      const sized = size === undefined ? tensors : atSize(tensors, { ...found, imageSize: own }, size, path);
      return transfer(model, sized, path, { imageSize: size ?? own, patch: found.patch });
    }, "open model");
    const { normalise, assumed } = known ? { normalise: known } : normaliseOf(path, found.channels);
    const line = assumptions(path, found, heads, trained, assumed);
    return {
      ...{ model, family, headless: found.classes === undefined, normalise },
      notes: [
        ...weights.notes,
        ...(line === undefined ? [] : [line]),
        ...(unused.length === 0 ? [] : [`${path}: not used: ${some(unused)}`]),
      ],
    };
  } catch (error) {
    model.dispose();
    throw error;
  }
}

/** The family whose classifier takes the weights, and its options: the encoder of a ViT-MAE is a ViT. */
function classifierFor(name: string) {
  const { family } = familyOf(name);
  const found = family.forms.classifier === undefined ? familyOf("vit").family : family;
  const { options, given = [] } = found.forms.classifier!;
  return { family: found.name, takes: new Set([...Object.keys(options.shape), ...given]) };
}

/** The weights with their positions brought to the grid of a size; ViT-MAE's decoder has positions of its own. */
function atSize(
  tensors: ReadonlyMap<string, Tensor>,
  found: Architecture & { imageSize: Size },
  size: Size,
  path: string,
): ReadonlyMap<string, Tensor> {
  const { positions = [] } = familyOf(found.family).family;
  const from = patchGrid(found);
  const to = patchGrid({ imageSize: size, patch: found.patch });
  const rows = from[0] * from[1] + 1;
  const resized = [...tensors].map(([name, value]): [string, Tensor] => {
    if (!positions.includes(name) || value.dim !== 3) return [name, value];
    if (value.size(1) !== rows)
      throw new CheckpointError(`${path}: "${name}" is ${value.describe()}, expected ${rows} rows`, { path });
    return [name, interpolatePositions(value, from, to)];
  });
  return new Map(resized);
}

/** As the run's recipe has it, or a folder for the hub; else ImageNet's, or mean 0.5 and deviation 0.25 for grey. */
function normaliseOf(path: string, channels: number): { normalise: Normalisation; assumed?: string } {
  const grey = { mean: [0.5], std: [0.25] };
  const exported = preprocessorOf(weightsFile(path), channels);
  if (exported !== undefined) return { normalise: exported };
  if (!existsSync(join(path, "recipe.json")))
    return channels === 3
      ? { normalise: IMAGENET, assumed: "pixels normalised by ImageNet's mean and deviation" }
      : { normalise: grey, assumed: "pixels normalised by mean 0.5 and deviation 0.25" };
  const { data } = readRecipe(path) as {
    data: { name: string; normalise?: "dataset" | "imagenet" | "none" };
  };
  return { normalise: normalisation({ name: data.name, channels }, data.normalise ?? "none") };
}

/** What preprocessor_config.json beside a file of weights says, as `vitrine export --format hf` writes it. */
function preprocessorOf(file: string, channels: number): Normalisation | undefined {
  const path = join(dirname(file), "preprocessor_config.json");
  if (!existsSync(path)) return undefined;
  const constants = z.array(z.number()).length(channels);
  try {
    const text: unknown = JSON.parse(readFileSync(path, "utf8"));
    const { image_mean: mean, image_std: std } = z
      .looseObject({ image_mean: constants, image_std: constants })
      .parse(text);
    return { mean, std };
  } catch (cause) {
    throw new DataError(`${path}: expected image_mean and image_std of ${channels} channels`, {
      path,
      cause,
    });
  }
}
