/** @file VAE, DCGAN and SNGAN beside CTRL, as a method of recipes. */

import type { MethodEntry } from "../entry.ts";
import { type GenerativeRecipe, generativeRecipe } from "./recipe.ts";

export const generative: MethodEntry<GenerativeRecipe> = {
  schema: generativeRecipe,
  load: async () => (await import("./run.ts")).generativeMethod,
  network: async () => (await import("./network.ts")).generativeNetwork,
  inspect: async () => (await import("./inspect.ts")).inspectGenerative,
  sample: async () => (await import("./views.ts")).drawFromNoise,
  fidelity: async () => (await import("./generator.ts")).openFromNoise,
};
