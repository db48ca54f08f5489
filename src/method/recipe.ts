/** @file From layers of settings to one valid recipe, with the origin of each value. */
import { UsageError } from "../base/errors.ts";
import { hint, nearest } from "../base/nearest.ts";
import { newName } from "../base/renamed.ts";
import { familyOf, modelNames } from "../model/index.ts";
import { type Layer, type Merged, mergeLayers, type Tree } from "../recipe/merge.ts";
import type { Conflict } from "./entry.ts";
import { keyAt, recipeKeys } from "./recipe-keys.ts";
import { DEFAULT_METHOD, methodEntry, methodNames, type Recipe } from "./registry.ts";

export type { Layer } from "../recipe/merge.ts";
export { isOf, type MethodName, methodNames, type Recipe, type RecipeOf } from "./registry.ts";

/** A value of a recipe and who set it: `default`, a file's line, a variable or a flag. */
export interface Origin {
  value: unknown;
  origin: string;
}

export interface ResolvedRecipe {
  recipe: Recipe;
  /** Dotted path → value and origin, for every value the recipe has, in the order of the schema. */
  origins: Map<string, Origin>;
  /** Settings of a model that a later layer replaced, which the new one has not: they were left out. */
  left: readonly string[];
}

/**
 * The recipe that the layers give, later ones winning over earlier ones and over the schema's defaults.
 * @throws UsageError in one line that names the place, what was expected, what was given and what to do
 */
export function resolveRecipe(given: readonly Layer[]): ResolvedRecipe {
  const method = methodOf(mergeLayers(given));
  const { layers, left } = withoutReplaced(withoutForeign(given, method), method);
  const merged = mergeLayers(layers);
  refuseEmptied(merged, method);
  const { schema, conflict } = methodEntry(method);
  const result = schema.safeParse(merged.values);
  if (!result.success) throw firstError(result.error.issues, merged, method);
  const recipe = result.data as Recipe;
  const broken = keyWithoutFile(recipe) ?? conflict?.(recipe as never);
  if (broken !== undefined) {
    throw new UsageError(`${at(broken.path, merged)}: ${broken.message}`, { path: broken.path });
  }
  const origins = new Map<string, Origin>();
  for (const { path } of recipeKeys(method)) {
    const value = valueAt(recipe, path);
    if (value !== undefined) origins.set(path, { value, origin: merged.origins.get(path) ?? "default" });
  }
  return { recipe, origins, left };
}

/** The layers, of runs without what their own model has not: every model had the settings of all before version 0.2. */
const withoutForeign = (layers: readonly Layer[], method: string): Layer[] =>
  layers.flatMap((layer) => {
    const family = layer.ofRun && familyIn(layer, method);
    return family ? [layer, ...away(foreignKeys(family, [layer], method))] : [layer];
  });

/**
 * The layers, where one names another model than an earlier one does: what the earlier one, and those before it, set of its
 * own family goes with it. Settings that come after it stay, and are refused where the new family has them not.
 */
function withoutReplaced(
  layers: readonly Layer[],
  method: string,
): { layers: readonly Layer[]; left: string[] } {
  const families = layers.map((layer) => familyIn(layer, method));
  const family = families.findLast((name) => name !== undefined);
  const replaced = families.findLastIndex((name) => name !== undefined && name !== family) + 1;
  if (family === undefined || replaced === 0) return { layers, left: [] };
  const [before, after] = [layers.slice(0, replaced), layers.slice(replaced)];
  const left = foreignKeys(family, before, method);
  return { layers: [...before, ...away(left), ...after], left };
}

/** The family of the model that a layer names, where it names one that the method trains. */
function familyIn({ values }: Layer, method: string): string | undefined {
  const name = valueAt(values, "model.name");
  return typeof name === "string" ? familyNameOf(name, method) : undefined;
}

/** What layers set that belongs to other families alone. */
const foreignKeys = (family: string, layers: readonly Layer[], method: string): string[] =>
  recipeKeys(method)
    .filter(({ families }) => families?.length && !families.includes(family))
    .map(({ path }) => path)
    .filter((path) => layers.some(({ values }) => valueAt(values, path) !== undefined));

/** Layers that take values away. */
const away = (paths: readonly string[]): Layer[] =>
  paths.map((path) => ({ origin: "replaced", values: treeOf(path, null) }));

/** The method whose schema checks the rest; learning from labels unless another is named. */
function methodOf(merged: Merged): string {
  const given = valueAt(merged.values, "method.name") ?? DEFAULT_METHOD;
  const found = methodNames().find((name) => name === given);
  if (found !== undefined) return found;
  const near = typeof given === "string" ? hint(given, methodNames()) : "";
  const todo = typeof given === "string" ? "; a plugin's needs --plugin FILE" : "";
  throw new UsageError(
    `${at("method.name", merged)}: expected one of ${methodNames().join(", ")}, received ${JSON.stringify(given)}${near}${todo}`,
    { path: "method.name", expected: methodNames().join(", "), received: JSON.stringify(given) },
  );
}

/** The one rule of all methods that begin from a file. */
function keyWithoutFile({ method }: Recipe): Conflict | undefined {
  const { initKey, init } = method as { initKey?: string; init?: string };
  if (initKey === undefined || init !== undefined) return undefined;
  return { path: "method.initKey", message: "names a part of the file method.init, which is not given" };
}

/** A key without a value leaves nothing for the schema to see: it has to be one that can be taken away. */
function refuseEmptied(merged: Merged, method: string): void {
  for (const path of merged.origins.keys()) {
    if (valueAt(merged.values, path) !== undefined || keyAt(path, method) !== undefined) continue;
    const isSection = recipeKeys(method).some((key) => key.path.startsWith(`${path}.`));
    if (!isSection) throw unknownKey(path, merged, method);
    throw new UsageError(
      `${at(path, merged)}: expected settings by name, received nothing; take the line out`,
      {
        path,
      },
    );
  }
}

type Issue = { code: string; path: PropertyKey[]; keys?: string[] };

function firstError(issues: readonly unknown[], merged: Merged, method: string): UsageError {
  // a mistyped key is also a missing one: the typing error is the one to tell
  const unknown = (issues as Issue[]).find((issue) => issue.code === "unrecognized_keys");
  const issue = unknown ?? (issues[0] as Issue);
  const path = issue.path.map(String).join(".");
  if (issue.code === "unrecognized_keys") {
    const name = issue.keys?.[0] ?? "";
    return unknownKey(path === "" ? name : `${path}.${name}`, merged, method);
  }
  // an element of a pair is reported at its own index: the key is what a person knows
  const key = keyAt(path, method) ?? keyAt(path.replace(/\.\d+$/, ""), method);
  const where = key?.path ?? path;
  const value = valueAt(merged.values, where);
  const expected = key?.expected ?? "settings by name";
  if (value === undefined) {
    const todo = key === undefined ? "add it to the recipe" : `add it to the recipe, or give --${where}`;
    return new UsageError(`${at(where, merged)}: missing, expected ${expected}; ${todo}`, {
      path: where,
      expected,
    });
  }
  const received = typeof value === "number" ? String(value) : JSON.stringify(value);
  const near = typeof value === "string" && key !== undefined ? hint(value, key.choices.map(String)) : "";
  const without = key?.optional && value === 0 ? "; none (null in a file) leaves it out" : "";
  const message = `${at(where, merged)}: expected ${expected}, received ${received}${near}${without}`;
  return new UsageError(message, { path: where, expected, received });
}

function unknownKey(path: string, merged: Merged, method: string): UsageError {
  const section = path.slice(0, path.lastIndexOf(".") + 1);
  const leaf = path.slice(section.length);
  const renamed = newName(path);
  if (renamed !== undefined)
    return new UsageError(`${at(path, merged)}: this key is now called ${renamed}; write that`, { path });
  const others = keyAt(path)?.methods;
  if (others !== undefined && !others.includes(method))
    return new UsageError(
      `${at(path, merged)}: belongs to ${others.join(", ")}; this recipe's method.name is ${method}`,
      { path },
    );
  const { families } = keyAt(path, method) ?? {};
  const name = valueAt(merged.values, "model.name");
  if (families !== undefined)
    return new UsageError(
      `${at(path, merged)}: belongs to ${families.join(", ")}; this recipe's model.name is ${name}`,
      { path },
    );
  const family = typeof name === "string" ? familyNameOf(name, method) : undefined;
  const keys = recipeKeys(method)
    .filter(({ families }) => family === undefined || (families?.includes(family) ?? true))
    .map((key) => key.path);
  // the same name in another section first: `train.smoothing` is `method.smoothing`
  const elsewhere = keys.find((key) => key.endsWith(`.${leaf}`));
  const siblings = keys
    .filter((key) => key.startsWith(section))
    .map((key) => key.slice(section.length).split(".")[0]!);
  const sibling = nearest(leaf, siblings);
  const found = elsewhere ?? (sibling === undefined ? nearest(path, keys) : `${section}${sibling}`);
  const near =
    found === undefined
      ? "; `vitrine config keys` lists them"
      : found === path // a dotted name in a file
        ? `; write it in its section: ${path.replaceAll(".", ": { ")}${" }".repeat(path.split(".").length - 1)}`
        : ` (did you mean "${found}"?)`;
  return new UsageError(`${at(path, merged)}: unknown key${near}`, { path });
}

/** The family of a model's name, among those that the method trains, or the name of a net of the method's own. */
function familyNameOf(name: string, method: string): string | undefined {
  const { choices = [], families = [] } = keyAt("model.name", method) ?? {};
  if (families.includes(name)) return name;
  return choices.includes(name) && modelNames().includes(name) ? familyOf(name).family.name : undefined;
}

/** Where a value came from and which key it is: `digits.yaml:12 (train.epochs)`, `--epochs (train.epochs)`. */
function at(path: string, { origins }: Merged): string {
  const origin = origins.get(path) ?? [...origins].find(([known]) => known.startsWith(`${path}.`))?.[1];
  return origin === undefined ? path : origin === `--${path}` ? origin : `${origin} (${path})`;
}

/** The value at a dotted path of a tree; undefined where there is none. */
export function valueAt(tree: unknown, path: string): unknown {
  let value = tree;
  for (const name of path.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Tree)[name];
  }
  return value;
}

/** A tree with one value at a dotted path. */
export function treeOf(path: string, value: unknown): Tree {
  return path.split(".").reduceRight<unknown>((inner, name) => ({ [name]: inner }), value) as Tree;
}
