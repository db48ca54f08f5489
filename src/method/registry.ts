/** @file The methods by name, those of this package and those that a plugin adds. */

import type { z } from "zod";
import { UsageError } from "../base/errors.ts";
import { hint } from "../base/nearest.ts";
import * as built from "./entries.ts";
import type { AnyMethod, AnyRecipe, MethodEntry } from "./entry.ts";
import type { Method } from "./method.ts";

type Entries = typeof built;

/** A method of this package. */
export type MethodName = keyof Entries;

/** What a run of one method is made from, validated. */
export type RecipeOf<M extends MethodName> = z.infer<Entries[M]["schema"]>;

/** What a run is made from, validated. A plugin's recipe has what `AnyRecipe` has. */
export type Recipe = { [M in MethodName]: RecipeOf<M> }[MethodName];

/** Whether a recipe is of this method. */
export const isOf = <M extends MethodName>(recipe: Recipe, method: M): recipe is RecipeOf<M> & Recipe =>
  recipe.method.name === method;

/** The method of a recipe that names none. */
export const DEFAULT_METHOD = "supervised";

const entries = new Map<string, AnyMethod>([[DEFAULT_METHOD, built.supervised], ...Object.entries(built)]);

let read = false;

/** Every name: the default, the others by the alphabet, a plugin's. */
export const methodNames = (): string[] => [...entries.keys()];

/** The method of a name; from then on no others come. @throws {UsageError} there is none */
export function methodEntry(name: string): AnyMethod {
  read = true;
  const found = entries.get(name);
  if (found !== undefined) return found;
  throw new UsageError(
    `method: no "${name}"${hint(name, methodNames())}; there is ${methodNames().join(", ")}`,
  );
}

/** Adds a plugin's method. @throws {UsageError} the name is taken; recipes were read before, whose methods are known */
export function registerMethod<R extends AnyRecipe>(name: string, entry: MethodEntry<R>): void {
  if (entries.has(name)) throw new UsageError(`method "${name}" is there already; choose another name`);
  if (read)
    throw new UsageError(`method: "${name}" comes late; register methods before the first recipe is read`);
  entries.set(name, entry);
}

/** The method of a recipe. */
export const methodOf = (recipe: Recipe): Promise<Method<Recipe>> =>
  methodEntry(recipe.method.name).load() as Promise<Method<Recipe>>;
