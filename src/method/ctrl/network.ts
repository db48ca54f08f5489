/** @file Encoder and decoder of a closed loop, one after the other, as a network. */

import { SYMMETRIC } from "../../evaluate/features.ts";
import { Module } from "../../nn/index.ts";
import type { Tensor } from "../../tensor/index.ts";
import type { IctrlRecipe } from "../ictrl/recipe.ts";
import { measureStatisticsOf } from "../inspect-features.ts";
import { imageInput, type Network, type NetworkOf, networkOf } from "../network.ts";
import type { RunConfig } from "../run-types.ts";
import type { Players } from "./players.ts";
import type { CtrlRecipe } from "./recipe.ts";
import { restorePlayers, withImageSize } from "./run.ts";

/** Both nets below one root, so that their probes are `encoder.…` and `decoder.…`. */
class Transcription extends Module {
  constructor(readonly nets: Players["nets"]) {
    super();
    this.child("encoder", nets.encoder);
    this.child("decoder", nets.decoder);
  }
  protected forward(X: Tensor): Tensor {
    return this.nets.decoder.apply(this.nets.encoder.apply(X));
  }
}

/** Images → features and what the decoder makes of them; to draw from features, change `features` on the way. */
export function transcriptionNetwork(
  name: string,
  players: Players,
  input: ReturnType<typeof imageInput>,
  code: (output: Tensor) => Tensor = (output) => output,
): Network {
  const { encoder, decoder } = players.nets;
  const network = networkOf(name, new Transcription(players.nets), [input], (X) => {
    const features = code(encoder.apply(X!));
    return { features, reconstruction: decoder.apply(features) };
  });
  return { ...network, [Symbol.dispose]: () => players.dispose() };
}

/** Of CTRL with its running statistics measured again, as for its pictures. */
export const closedLoopNetwork: NetworkOf<CtrlRecipe | IctrlRecipe> = async (recipe, { checkpoint }) => {
  const { channels } = (checkpoint.config as RunConfig).dataset;
  const { imageSize } = withImageSize(recipe).model;
  const players = restorePlayers(recipe, checkpoint, "cpu");
  try {
    if (recipe.method.name === "ctrl") await measureStatisticsOf(players, recipe, imageSize);
  } catch (error) {
    players.dispose();
    throw error;
  }
  return transcriptionNetwork(
    recipe.model.name,
    players,
    imageInput(imageSize, channels, SYMMETRIC(channels)),
  );
};
