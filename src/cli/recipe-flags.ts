/** @file Every key of a recipe as a flag, and the recipe that a command line asks for. */
import { type Command, Option } from "commander";
import { environmentLayers } from "../method/environment.ts";
import { type Layer, type ResolvedRecipe, resolveRecipe, treeOf } from "../method/recipe.ts";
import { familiesInWords, type Key, keyAt, parseText, recipeKeys } from "../method/recipe-keys.ts";
import { methodNames } from "../method/registry.ts";
import { findRecipe, readSettings } from "../recipe/recipes.ts";
import { type Alias, aliases } from "./aliases.ts";
import { talk } from "./terminal.ts";

/** What the flags of one command line set, in the order they were typed. */
export interface RecipeFlags {
  layers: Layer[];
  files: string[];
}

/** Adds `--config` and a flag for every key and alias to a command; the result is filled while it parses. */
export function addRecipeFlags(command: Command): RecipeFlags {
  const flags: RecipeFlags = { layers: [], files: [] };
  command.optionsGroup("Recipe:");
  command.addOption(
    new Option(
      "--config <file>",
      "YAML or JSON file whose settings override the recipe's; may be repeated",
    ).argParser((file: string) => flags.files.push(file)),
  );
  for (const key of recipeKeys()) {
    const section = key.path.includes(".") ? `Recipe, ${key.path.split(".")[0]}:` : "Recipe:";
    for (const option of keyOptions(key, flags)) command.addOption(option.helpGroup(section));
  }
  for (const alias of aliases) {
    for (const option of aliasOptions(alias, flags)) command.addOption(option.hideHelp());
  }
  return flags;
}

/** What the recipe is made of, the strongest last: recipe < files < environment < flags. */
export const recipeLayers = (name: string, flags: RecipeFlags): Layer[] => [
  findRecipe(name),
  ...flags.files.map(readSettings),
  ...environmentLayers(process.env),
  ...flags.layers,
];

/** The recipe: defaults < recipe < files < environment < flags. Says which settings went with a model that was replaced. */
export function resolveFlags(name: string, flags: RecipeFlags): ResolvedRecipe {
  const resolved = resolveRecipe(recipeLayers(name, flags));
  const { left, origins } = resolved;
  const model = origins.get("model.name")?.value;
  if (left.length > 0) talk(`left out, as ${model} has no such settings: ${left.join(", ")}`);
  return resolved;
}

/** The line of a key in help and docs: description, default, other spellings. */
export function describeKey(key: Key): string {
  const also = aliases.filter((alias) => alias.path === key.path).map(spelling);
  const listed = key.choices.length > 1 && !key.placeholder.includes("|");
  const notes = [
    ...(key.methods.length === methodNames().length ? [] : [`${key.methods.join(", ")} only`]),
    ...(key.partial ? [familiesInWords(key)] : []),
    ...(listed ? [key.expected] : []),
    ...(key.default === undefined || key.default === "" ? [] : [`default: ${key.default}`]),
    ...(also.length === 0 ? [] : [`also ${also.join(", ")}`]),
  ];
  return notes.length === 0 ? key.about : `${key.about} (${notes.join("; ")})`;
}

function spelling({ flag, short, value }: Alias): string {
  const names = short === undefined ? flag : `${short}, ${flag}`;
  return value === undefined ? names : `${names} for ${value}`;
}

function keyOptions(key: Key, flags: RecipeFlags): Option[] {
  const flag = `--${key.path}`;
  if (key.kind !== "boolean") return [option(`${flag} ${key.placeholder}`, flag, key, flags)];
  return [
    option(flag, flag, key, flags, true),
    option(`--no-${key.path}`, `--no-${key.path}`, key, flags, false).hideHelp(),
  ];
}

function aliasOptions({ flag, short, path, value }: Alias, flags: RecipeFlags): Option[] {
  const key = keyAt(path)!;
  const names = short === undefined ? flag : `${short}, ${flag}`;
  return value === undefined
    ? [option(`${names} ${key.placeholder}`, flag, key, flags)]
    : [option(names, flag, key, flags, value)];
}

/** An option that notes its value as a layer; `constant` makes it one without a value. */
function option(spelled: string, origin: string, key: Key, flags: RecipeFlags, constant?: unknown): Option {
  return new Option(spelled, describeKey(key)).argParser((text: string) => {
    const value = constant === undefined ? parseText(key, text) : constant;
    flags.layers.push({ origin, values: treeOf(key.path, value) });
    return text;
  });
}
