/** @file What of a recipe is for strangers to read: all but where its data lie on this machine. */

import { basename, isAbsolute } from "node:path";

/** The recipe without `data.dir`; of absolute paths in its data, such as `folder:/photos/cats`, the last part alone. */
export function published<R extends object>(recipe: R): R {
  const { data } = recipe as { data?: Readonly<Record<string, unknown>> };
  if (data === undefined) return recipe;
  const { dir: _, ...rest } = data;
  const shown = Object.entries(rest).map(([key, value]) => [key, publishedName(value)]);
  return { ...recipe, data: Object.fromEntries(shown) };
}

function publishedName(value: unknown): unknown {
  if (typeof value !== "string") return value;
  const [, kind = "", path = value] = /^([a-z]+:)?(.*)$/.exec(value)!;
  return isAbsolute(path) ? kind + basename(path) : value;
}
