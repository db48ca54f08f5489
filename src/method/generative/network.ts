/** @file What a comparator draws with, as a network. */

import { SYMMETRIC } from "../../evaluate/features.ts";
import { transcriptionNetwork } from "../ctrl/network.ts";
import { imageInput, type NetworkOf, networkOf } from "../network.ts";
import type { RunConfig } from "../run-types.ts";
import type { GenerativeRecipe } from "./recipe.ts";
import { restoreGenerative, SIDE } from "./run.ts";

/** A VAE's encoder (the means of its codes) and decoder; of adversarial nets the generator. */
export const generativeNetwork: NetworkOf<GenerativeRecipe> = (recipe, { checkpoint }) => {
  const { channels } = (checkpoint.config as RunConfig).dataset;
  const { name, features } = recipe.model;
  const players = restoreGenerative(recipe, checkpoint, "cpu");
  if (name === "vae") {
    const input = imageInput(SIDE, channels, SYMMETRIC(channels));
    return transcriptionNetwork(name, players, input, (output) => output.narrow(1, 0, features));
  }
  const { decoder } = players.nets;
  const input = { name: "code", kind: "features", shape: [features] } as const;
  const network = networkOf(name, decoder, [input], (z) => ({ images: decoder.apply(z!) }));
  return { ...network, [Symbol.dispose]: () => players.dispose() };
};
