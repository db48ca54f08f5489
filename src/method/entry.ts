/** @file What a method is to the rest: the schema of its recipes, and where its code is. */

import type { z } from "zod";
import type { Method } from "./method.ts";
import type { NetworkOf } from "./network.ts";
import type { InspectRun } from "./run-types.ts";
import type { DrawRun, OpenGenerator, ReconstructOptions, SampleOptions } from "./views.ts";

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
  data: { name: string };
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

/** What some methods can show of their runs; a command says which have it. */
export interface Views {
  /** Measures a checkpoint, and writes a report with figures. */
  readonly inspect?: () => Promise<InspectRun>;
  /** Images beside what the model makes of them. */
  readonly reconstruct?: () => Promise<DrawRun<ReconstructOptions>>;
  /** Images that no image was given for. */
  readonly sample?: () => Promise<DrawRun<SampleOptions>>;
  /** The same as tensors, to be measured against real images. */
  readonly fidelity?: () => Promise<OpenGenerator>;
}

/** A method of recipes. Reading one loads no more than its schema: `load` brings the code, and libtorch with it. */
export interface MethodEntry<R extends AnyRecipe> extends Views {
  /** Every key with its type, range, default and description; `method.name` is a literal. */
  readonly schema: z.ZodType<R>;
  /** The first rule among several keys that a recipe breaks, which no key's schema can know. */
  readonly conflict?: (recipe: R) => Conflict | undefined;
  /** What the networks are that it builds itself, by `model.name`: no family of models has them. */
  readonly own?: Readonly<Record<string, string>>;
  readonly load: () => Promise<Method<R>>;
  /** The network of its runs, which can be exported. */
  readonly network?: () => Promise<NetworkOf<R>>;
}

/** A method whose recipes are known when the program runs: what its schema has checked is its own. */
export interface AnyMethod extends Views {
  readonly schema: z.ZodType<AnyRecipe>;
  readonly conflict?: (recipe: never) => Conflict | undefined;
  readonly own?: Readonly<Record<string, string>>;
  readonly load: () => Promise<Method<never>>;
  readonly network?: () => Promise<NetworkOf<never>>;
}
