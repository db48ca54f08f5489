/** @file The methods by name; each is loaded when it is needed. */

import type { Method } from "./method.ts";
import type { MethodName, Recipe, RecipeOf } from "./recipe.ts";

const METHODS: { [M in MethodName]: () => Promise<Method<RecipeOf<M>>> } = {
  supervised: async () => (await import("./supervised/run.ts")).supervisedMethod,
  mcr2: async () => (await import("./mcr2/run.ts")).mcr2Method,
  redunet: async () => (await import("./redunet/run.ts")).redunetMethod,
  ctrl: async () => (await import("./ctrl/run.ts")).ctrlMethod,
  incremental: async () => (await import("./incremental/run.ts")).incrementalMethod,
  generative: async () => (await import("./generative/run.ts")).generativeMethod,
  tcr: async () => (await import("./tcr/run.ts")).tcrMethod,
  cpp: async () => (await import("./cpp/run.ts")).cppMethod,
  mae: async () => (await import("./mae/run.ts")).maeMethod,
  probe: async () => (await import("./probe/run.ts")).probeMethod,
  ictrl: async () => (await import("./ictrl/run.ts")).ictrlMethod,
  language: async () => (await import("./language/run.ts")).languageMethod,
};

/** The method of a recipe. */
export const methodOf = (recipe: Recipe): Promise<Method<Recipe>> =>
  METHODS[recipe.method.name]() as Promise<Method<Recipe>>;
