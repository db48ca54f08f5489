/** @file What a method is to the rest: the schema of its recipes, and where its code is. */

import type { z } from "zod";
import type { Method } from "./method.ts";

/** A rule that a recipe breaks: the key to change, and why. */
export interface Conflict {
  path: string;
  message: string;
}

/** What every method's recipes have. `recipeOf` makes such a schema. */
export interface AnyRecipe {
  name: string;
  about: string;
  model: object;
  data: object;
  method: { name: string };
  train: {
    device: string;
    threads?: number | undefined;
    deterministic: boolean;
    keep: number;
    logInterval: number;
    checkpointEvery?: number | undefined;
  };
  seed: number;
}

/** A method of recipes. Reading one loads no more than its schema: `load` brings the code, and libtorch with it. */
export interface MethodEntry<R extends AnyRecipe> {
  /** Every key with its type, range, default and description; `method.name` is a literal. */
  readonly schema: z.ZodType<R>;
  /** The first rule among several keys that a recipe breaks, which no key's schema can know. */
  readonly conflict?: (recipe: R) => Conflict | undefined;
  readonly load: () => Promise<Method<R>>;
}

/** A method whose recipes are known when the program runs: what its schema has checked is its own. */
export interface AnyMethod {
  readonly schema: z.ZodType<AnyRecipe>;
  readonly conflict?: (recipe: never) => Conflict | undefined;
  readonly load: () => Promise<Method<never>>;
}
