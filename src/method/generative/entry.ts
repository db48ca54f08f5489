/** @file VAE, DCGAN and SNGAN beside CTRL, as a method of recipes. */

import type { MethodEntry } from "../entry.ts";
import { type GenerativeRecipe, generativeRecipe } from "./recipe.ts";

export const generative: MethodEntry<GenerativeRecipe> = {
  schema: generativeRecipe,
  own: {
    vae: "variational autoencoder of CTRL's nets, Kingma and Welling 2014",
    dcgan: "GAN of CTRL's nets, Radford et al. 2016",
    sngan: "GAN of CTRL's nets with spectral norm, Miyato et al. 2018",
  },
  load: async () => (await import("./run.ts")).generativeMethod,
  network: async () => (await import("./network.ts")).generativeNetwork,
  inspect: async () => (await import("./inspect.ts")).inspectGenerative,
  sample: async () => (await import("./views.ts")).drawFromNoise,
  fidelity: async () => (await import("./generator.ts")).openFromNoise,
};
