/** @file The grid of a sweep: values of keys, every combination of them as settings over a recipe, and names of folders. */

import { createHash } from "node:crypto";
import { UsageError } from "../base/errors.ts";
import { hint } from "../base/nearest.ts";
import { type Layer, treeOf } from "../method/recipe.ts";
import { keyAt, parseText, recipeKeys } from "../method/recipe-keys.ts";

/** A key of recipes and the values that are tried. */
export interface Axis {
  key: string;
  values: readonly unknown[];
}

/** A value for each key that is set, by dotted path. */
export type Values = Readonly<Record<string, unknown>>;

/** Keys that a sweep cannot set, and why. */
const OTHERS: Readonly<Record<string, string>> = {
  seed: "seeds are given by --seeds",
  name: "it names the sweep",
  about: "it changes nothing",
  "data.validation":
    "figures of different validation splits do not compare; set it for all, by --data.validation",
  "method.name": "scores of different methods do not compare; make a sweep of each",
};

/**
 * `train.lr=1e-3,3e-3`: values are separated by commas; those that have commas themselves (pairs, lists, sizes) by
 * semicolons, `train.betas=0.9,0.99;0.9,0.95`.
 * @throws {UsageError} no such key, no value, one value twice
 */
export function parseAxis(text: string): Axis {
  const at = text.indexOf("=");
  const [path, given] = at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
  const refuse = (problem: string): never => {
    throw new UsageError(`--set ${path}: ${problem}`, { path: "--set", received: text });
  };
  const key = keyAt(path);
  if (OTHERS[path] !== undefined) return refuse(OTHERS[path]!);
  if (key === undefined)
    return refuse(
      `no such key${
        hint(
          path,
          recipeKeys().map((each) => each.path),
        ) || "; `vitrine config keys` lists them"
      }`,
    );
  const whole = given.includes(";") || key.kind === "pair" || key.kind === "list";
  const parts = given.split(whole ? ";" : ",").map((part) => part.trim());
  if (parts.some((part) => part === ""))
    refuse(`expected KEY=V1,V2, such as train.lr=1e-3,3e-3, received "${text}"`);
  const values = parts.map((part) => parseText(key, part));
  const twice = values.find((value, i) => values.findIndex((other) => same(other, value)) < i);
  if (twice !== undefined) refuse(`${JSON.stringify(twice)} is given twice`);
  return { key: path, values };
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Every combination, the last axis fastest. @throws {UsageError} a key that is given twice */
export function combinations(axes: readonly Axis[]): Values[] {
  const twice = axes.find(({ key }, i) => axes.findIndex((other) => other.key === key) < i);
  if (twice !== undefined)
    throw new UsageError(
      `--set ${twice.key}: given twice; give all its values at once, separated by commas`,
      {
        path: "--set",
      },
    );
  return axes.reduce<Values[]>(
    (rows, { key, values }) => rows.flatMap((row) => values.map((value) => ({ ...row, [key]: value }))),
    [{}],
  );
}

/** The settings as layers over a recipe, in the order of the flags. */
export const layersOf = (values: Values): Layer[] =>
  Object.entries(values).map(([key, value]) => ({ origin: `--set ${key}`, values: treeOf(key, value) }));

/** `lr 0.003, optimizer muon`, or "the recipe" where nothing is set. */
export function inWords(values: Values): string {
  const words = Object.entries(values).map(([key, value]) => `${leaf(key)} ${valueInWords(value)}`);
  return words.length > 0 ? words.join(", ") : "the recipe";
}

/** As a flag has it: `none` for what is taken away. */
export const valueInWords = (value: unknown): string =>
  value === null ? "none" : Array.isArray(value) ? value.join(",") : String(value);

/** The last part of a key. */
export const leaf = (key: string): string => key.slice(key.lastIndexOf(".") + 1);

/** Letters of a folder's name that say the settings; the rest is told by a hash of them. */
const LONGEST = 60;

/** A folder's name that follows from the settings alone: the same when the grid grows. */
export function settingName(values: Values): string {
  const entries = Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1));
  if (entries.length === 0) return "recipe";
  const words = entries.map(([key, value]) => `${leaf(key)}-${valueInWords(value)}`).join("_");
  const hash = createHash("sha256").update(JSON.stringify(entries)).digest("hex").slice(0, 6);
  return `${words.replaceAll(/[^\w.-]+/g, "-").slice(0, LONGEST)}_${hash}`;
}
