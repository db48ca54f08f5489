/** @file Objects in an image that nobody was taught: masks from a layer's attention, or from cuts of its patches. */

import { join } from "node:path";
import { z } from "zod";
import { largestMass, look, maskCut, tokenCut } from "../../evaluate/segment/index.ts";
import { readRecipe } from "../../method/load-run.ts";
import { openModel } from "../../method/open-model.ts";
import { keep, scope, tensor, UsageError } from "../../tensor/index.ts";
import { listCheckpoints, pathOf } from "../../train/checkpoint-folder.ts";
import type { SegmentsAnswer, SegmentsAsked } from "../shapes.ts";
import { checked, image } from "./asked.ts";
import { held } from "./held.ts";
import { heldSplit, withImagesAt } from "./images.ts";
import { fromPixels, toNumbers, toPixels } from "./pixels.ts";

const schema = z.object({
  ...image,
  method: z.enum(["attention", "tokencut", "maskcut"]),
  layer: z.int().min(1),
  share: z.number().gt(0).max(1),
  tau: z.number().min(-1).max(1),
}) satisfies z.ZodType<SegmentsAsked>;

function open(folder: string, which: string) {
  const checkpoints = join(folder, "checkpoints");
  const found = listCheckpoints(checkpoints).find(({ name, best, last }) => name === which || (which === "best" && best) || (which === "last" && last)); // biome-ignore format: short
  if (found === undefined) throw new UsageError(`${folder}: no checkpoint "${which}"`, { path: folder });
  const { model, normalise } = openModel(pathOf(checkpoints, found.name));
  return { model, normalise, [Symbol.dispose]: () => model.dispose() };
}

/** @throws {UsageError} a network without a class token that attends to patches, a layer that is not there */
export async function segments(folder: string, asked: unknown): Promise<SegmentsAnswer> {
  const { checkpoint, split, index, image: given, method, layer, share, tau } = checked(schema, asked);
  const { model, normalise } = await held(folder, checkpoint, "segments", () => open(folder, checkpoint));
  const { imageSize, depth } = model.options;
  if (layer > depth) throw new UsageError(`layer: expected 1 to ${depth}, got ${layer}`);
  const source = await heldSplit(readRecipe(folder), split);
  const pixels = await withImagesAt(source, [given === undefined ? index : 0], imageSize, (images) =>
    keep(given === undefined ? images.select(0, 0).clone() : fromPixels(given, images.shape.slice(1))),
  );
  try {
    return scope(() => {
      const constant = (values: readonly number[]) => tensor([...values]).reshape([values.length, 1, 1]);
      const X = pixels.sub(constant(normalise.mean)).div(constant(normalise.std));
      using seen = look(model, X);
      const maps = seen.maps[layer - 1]!; //                                     [K][N]
      const Z = seen.features[layer - 1]!;
      const about = { picture: toPixels(pixels), grid: seen.grid, layers: depth };
      const how = { threshold: tau };
      if (method === "tokencut") return { ...about, masks: [[...tokenCut(Z, seen.grid, how).cells]] };
      if (method === "maskcut")
        return { ...about, masks: maskCut(Z, seen.grid, how).map(({ cells }) => [...cells]) };
      const masks = maps.map((map) => [...largestMass(map, share)]);
      const sum = (values: ArrayLike<number>, within?: readonly number[]) =>
        Array.from(values).reduce(
          (all, value, i) => all + (within === undefined || within[i] === 1 ? value : 0),
          0,
        );
      return {
        ...about,
        attention: toNumbers(tensor(maps.map((map) => [...map]))),
        masks,
        kept: maps.map((map, k) => sum(map, masks[k]!) / sum(map)),
      };
    }, "segments");
  } finally {
    pixels.dispose();
  }
}
