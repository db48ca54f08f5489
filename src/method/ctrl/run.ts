/** @file Closed-loop transcription by recipe. */

import { inPercent, percent } from "../../base/percent.ts";
import { featuresOf } from "../../evaluate/features.ts";
import { evaluateEncoder } from "../../evaluate/index.ts";
import { createModel, formOf } from "../../model/index.ts";
import { type Group, random } from "../../tensor/index.ts";
import type { LoadedCheckpoint } from "../../train/checkpoint.ts";
import { below, weightsOf } from "../../train/stateful.ts";
import { openSplit, withSplits } from "../build.ts";
import type { IctrlRecipe } from "../ictrl/recipe.ts";
import { trainLearner } from "../learner-run.ts";
import type { Method, NamedFeatures, Scores, Trained, TrainPlace } from "../method.ts";
import { requireComponents, sayLeftOut } from "../requirements.ts";
import type { RunConfig } from "../run-types.ts";
import { CtrlLearner } from "./learner.ts";
import { Players } from "./players.ts";
import type { CtrlRecipe } from "./recipe.ts";

type ClosedLoopRecipe = CtrlRecipe | IctrlRecipe;

/** Freshly started players of a recipe, on the device; the caller frees them. */
export function buildPlayers(
  recipe: ClosedLoopRecipe,
  channels: number,
  device: string,
  across?: Group,
): Players {
  const { model, train, seed } = recipe;
  const { name, ...settings } = model;
  const nets = createModel(name, { channels, ...settings }, random(seed).at("model"), "pair");
  for (const net of [nets.encoder, nets.decoder]) net.to(device);
  return new Players(nets, train.betas ?? formOf(name, "pair").betas, { ...train, across });
}

/** The players of a checkpoint; the caller frees them. */
export function restorePlayers(
  recipe: ClosedLoopRecipe,
  checkpoint: LoadedCheckpoint,
  device: string,
): Players {
  const players = buildPlayers(recipe, (checkpoint.config as RunConfig).dataset.channels, device);
  try {
    return loadNets(players, checkpoint);
  } catch (error) {
    players.dispose();
    throw error;
  }
}

/** Gives both nets the weights of a checkpoint, the averaged ones where it has some. */
export function loadNets(players: Players, checkpoint: LoadedCheckpoint): Players {
  const tensors = weightsOf(checkpoint);
  for (const player of ["encoder", "decoder"] as const)
    players.nets[player].load(below(tensors, `${player}.`));
  return players;
}

/** The recipe with the size of its images, which the nets decide. */
export const withImageSize = <R extends ClosedLoopRecipe>(recipe: R) => ({
  data: recipe.data,
  seed: recipe.seed,
  model: { ...recipe.model, imageSize: formOf(recipe.model.name, "pair").imageSize },
});

function train(recipe: CtrlRecipe, place: TrainPlace) {
  const sized = withImageSize(recipe);
  return withSplits(sized, async (splits) => {
    const { objective, inner, epsilon, gamma1, gamma2, gamma3, components } = recipe.method;
    const { steps, batchSize, lr, evalEvery } = recipe.train;
    requireComponents(components, splits.train, recipe.model.features);
    sayLeftOut([{ name: splits.train.name, count: splits.train.count, batchSize }], place.progress);
    using players = buildPlayers(recipe, splits.train.channels, place.device, place.across);
    const learner = new CtrlLearner(players, {
      ...{ ...splits, imageSize: sized.model.imageSize, device: place.device, random: random(recipe.seed) },
      ...{ objective, inner, epsilon, weights: [gamma1, gamma2, gamma3], components },
      classes: splits.train.classes.length,
      ...{ steps, batchSize, lr, evalEvery, across: place.across },
    });
    return await trainLearner(learner, recipe, splits.train, place, { measured: splits.measured });
  });
}

function evaluate(recipe: CtrlRecipe, { checkpoint, split, device, across }: Trained): Promise<Scores> {
  const sized = withImageSize(recipe);
  return withSplits(
    sized,
    async (splits) => {
      using players = restorePlayers(recipe, checkpoint, device);
      const { components } = recipe.method;
      const options = { imageSize: sized.model.imageSize, device, components, across };
      const { pca, svd } = await evaluateEncoder(players.nets.encoder, splits.train, splits.test, options);
      const text = `nearest subspace, ${components} directions: ${percent(pca)} through class means (PCA), ${percent(svd)} through the origin (SVD)`;
      return { numbers: { ...inPercent({ pca, svd }), count: splits.test.count }, text };
    },
    split,
  );
}

/** f(x) of a split, of either closed loop. */
export async function closedLoopFeatures(
  recipe: ClosedLoopRecipe,
  { checkpoint, split, device }: Trained,
): Promise<NamedFeatures> {
  using players = restorePlayers(recipe, checkpoint, device);
  const source = await openSplit(withImageSize(recipe), split);
  try {
    const { imageSize } = withImageSize(recipe).model;
    const { classes } = source;
    return { ...(await featuresOf(players.nets.encoder, source, { imageSize, device })), classes };
  } finally {
    await source.close();
  }
}

export const ctrlMethod: Method<CtrlRecipe> = { across: true, train, evaluate, features: closedLoopFeatures };
