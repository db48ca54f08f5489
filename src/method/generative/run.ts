/** @file The comparators by recipe: VAE, DCGAN, SNGAN on closed-loop transcription's nets and data. */

import { inPercent, percent } from "../../base/percent.ts";
import { evaluateEncoder } from "../../evaluate/index.ts";
import { Module } from "../../nn/index.ts";
import { noGrad, type Random, random, scope, type Tensor } from "../../tensor/index.ts";
import type { LoadedCheckpoint } from "../../train/checkpoint.ts";
import { type Splits, withSplits } from "../build.ts";
import { ganPlayers } from "../ctrl/comparators/gan.ts";
import { vaePlayers } from "../ctrl/comparators/vae.ts";
import type { Players } from "../ctrl/players.ts";
import { loadNets } from "../ctrl/run.ts";
import { trainLearner } from "../learner-run.ts";
import type { Method, Scores, Trained, TrainPlace } from "../method.ts";
import { requireComponents, sayLeftOut } from "../requirements.ts";
import type { RunConfig } from "../run-types.ts";
import { GenerativeLearner } from "./learner.ts";
import type { GenerativeRecipe as Recipe } from "./recipe.ts";

/** The nets' images. */
export const SIDE = 32;

const sized = ({ data, model, seed }: Recipe) => ({ data, seed, model: { ...model, imageSize: SIDE } });

/** Freshly started players, on the device; the caller frees them. */
export function buildPlayers({ model, train, seed }: Recipe, given: number, device: string): Players {
  const { name, features, width, channels = given } = model;
  const sizes = { channels, features, width };
  const draws = random(seed).at("model");
  const players = name === "vae" ? vaePlayers(sizes, draws, train) : ganPlayers(name, sizes, draws, train);
  for (const net of [players.nets.encoder, players.nets.decoder]) net.to(device);
  return players;
}

/** The nets of a checkpoint; the caller frees them. */
export function restoreGenerative(recipe: Recipe, checkpoint: LoadedCheckpoint, device: string): Players {
  const players = buildPlayers(recipe, (checkpoint.config as RunConfig).dataset.channels, device);
  try {
    return loadNets(players, checkpoint);
  } catch (error) {
    players.dispose();
    throw error;
  }
}

/** The means of a VAE's codes as features, on which nearest subspaces are fitted. */
class CodeMeans extends Module {
  constructor(private readonly encoder: Module) {
    super();
    this.child("encoder", encoder);
  }
  protected forward(X: Tensor): Tensor {
    return this.encoder.apply(X).chunk(2, 1)[0]!;
  }
}

function train(recipe: Recipe, place: TrainPlace) {
  return withSplits(sized(recipe), async (splits) => {
    const { model, method, train } = recipe;
    const { steps, batchSize, lr, evalEvery } = train;
    if (model.name === "vae") requireComponents(method.components, splits.train, model.features);
    sayLeftOut([{ name: splits.train.name, count: splits.train.count, batchSize }], place.progress);
    using players = buildPlayers(recipe, splits.train.channels, place.device);
    const learner = new GenerativeLearner(players, {
      ...{ kind: model.name, features: model.features, beta: method.beta, train: splits.train },
      ...{ random: random(recipe.seed), imageSize: SIDE, device: place.device, steps, batchSize, lr },
      evalEvery,
      evaluate: async () => await score(players, splits, recipe, place.device),
    });
    return await trainLearner(learner, recipe, splits.train, place, { measured: splits.measured });
  });
}

/** Nearest subspace on a VAE's codes. Adversarial nets have no features of an image: their pictures are what there is. */
async function score(
  { nets }: Players,
  { train, test }: Splits,
  recipe: Recipe,
  device: string,
): Promise<Scores> {
  if (recipe.model.name !== "vae")
    return {
      numbers: {},
      text: "no features to classify: see `vitrine sample`, measure with `vitrine fidelity`",
    };
  const options = { imageSize: SIDE, device, components: recipe.method.components };
  const { pca, svd } = await evaluateEncoder(new CodeMeans(nets.encoder), train, test, options);
  const text = `nearest subspace on the codes: ${percent(pca)} through class means (PCA), ${percent(svd)} through the origin (SVD)`;
  return { numbers: inPercent({ pca, svd }), text };
}

function evaluate(recipe: Recipe, { checkpoint, split, device }: Trained): Promise<Scores> {
  return withSplits(
    sized(recipe),
    async (splits) => {
      using players = restoreGenerative(recipe, checkpoint, device);
      return await score(players, splits, recipe, device);
    },
    split,
  );
}

/** Images from normal noise, [count, c, 32, 32] in [−1, 1], in evaluation mode. */
export function drawImages(players: Players, features: number, count: number, draws: Random): Tensor {
  const { decoder } = players.nets;
  decoder.eval();
  const { device } = decoder.parameters()[0]!;
  return noGrad(() => scope(() => decoder.apply(draws.normal([count, features], { device }))));
}

export const generativeMethod: Method<Recipe> = { train, evaluate };
