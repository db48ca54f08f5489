/** @file Numbers that no machine could hold or end are refused by every recipe, before anything is made of them. */

import { expect, test } from "vitest";
import { UsageError } from "../base/errors.ts";
import { findRecipe, recipeNames } from "../recipe/recipes.ts";
import { methodNames, resolveRecipe, treeOf } from "./recipe.ts";
import { type Key, recipeKeys } from "./recipe-keys.ts";

const numeric = ({ kind }: Key): boolean => kind === "number" || kind === "pair" || kind === "list";
/** A shipped recipe of each method. */
const shipped = new Map<string, ReturnType<typeof findRecipe>>(
  recipeNames().map((name) => {
    const layer = findRecipe(name);
    return [resolveRecipe([layer]).recipe.method.name, layer];
  }),
);

const HUGE = [1e9, 2 ** 32 - 1, 2 ** 32, 2 ** 53, 1e308, Number.POSITIVE_INFINITY];
const WRONG = [-1, Number.NaN, "", "1", true, [], {}, [[]], Number.NEGATIVE_INFINITY];
const SMALL = [0, 1e-308, -0, Number.MIN_VALUE];

/** Whether a recipe with this value at the key is one; anything but a `UsageError` in one line fails. */
function accepts(method: string, path: string, value: unknown): boolean {
  try {
    resolveRecipe([shipped.get(method)!, { origin: "test", values: treeOf(path, value) }]);
    return true;
  } catch (error) {
    expect(error, `${path} = ${value}`).toBeInstanceOf(UsageError);
    expect((error as Error).message, `${path} = ${value}`).toMatch(/^.{10,1500}$/);
    return false;
  }
}

test.each(methodNames())("%s", (method) => {
  const keys = recipeKeys(method).filter(numeric);
  expect(keys.length).toBeGreaterThan(5);
  const shape = ({ kind }: Key, value: unknown) => (kind === "pair" ? [value, value] : [value]);
  const taken = keys.flatMap((key) => {
    const give = (value: unknown) => (key.kind === "number" ? value : shape(key, value));
    const seed = (value: unknown) => key.path === "seed" && (value === 1e9 || value === 2 ** 32 - 1);
    for (const value of SMALL) accepts(method, key.path, give(value));
    return [...HUGE, ...WRONG]
      .filter((value) => !seed(value) && accepts(method, key.path, give(value)))
      .map((value) => `${key.path} = ${value}`);
  });
  expect(taken).toEqual([]);
});
