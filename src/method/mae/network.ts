/** @file The masked autoencoder of a run, as a network. */

import { normalisation } from "../../data/index.ts";
import { CrateMae, patchGrid } from "../../model/index.ts";
import { imageInput, type NetworkOf, networkOf } from "../network.ts";
import type { RunConfig } from "../run-types.ts";
import type { MaeRecipe } from "./recipe.ts";
import { restoreMae } from "./run.ts";

/**
 * CRATE-MAE of an image and a mask; of ViT-MAE the encoder on whole images, since how many patches it sees depends on the
 * mask.
 */
export const maeNetwork: NetworkOf<MaeRecipe> = (recipe, { checkpoint }) => {
  const { channels } = (checkpoint.config as RunConfig).dataset;
  const model = restoreMae(recipe, checkpoint);
  const normalise = normalisation({ name: recipe.data.name, channels }, recipe.data.normalise);
  const image = imageInput(recipe.model.imageSize, channels, normalise);
  const { name } = recipe.model;
  if (!(model instanceof CrateMae))
    return networkOf(name, model, [image], (X) => ({ features: model.features(X!) }));
  const [rows, columns] = patchGrid(recipe.model);
  const mask = { name: "mask", kind: "mask", patches: rows * columns } as const;
  return networkOf(name, model, [image, mask], (X, mask) => ({ patches: model.apply(X!, mask!) }));
};
