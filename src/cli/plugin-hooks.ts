/**
 * @file How a plugin's modules are loaded, in the thread that Node has for this: "vitrine" is the package that runs, and
 * "zod" its own, wherever the plugin lies, and TypeScript loses its types. What lies in a node_modules is left to Node.
 */

import { readFile } from "node:fs/promises";
import type { LoadHook, ResolveHook } from "node:module";
import { fileURLToPath } from "node:url";
import swc from "@swc/wasm-typescript";

export const resolve: ResolveHook = (specifier, context, next) =>
  /^(vitrine|zod)(\/|$)/.test(specifier)
    ? next(specifier, { ...context, parentURL: import.meta.url }) // as from here: the package knows itself
    : next(specifier, context);

export const load: LoadHook = async (url, context, next) => {
  if (!/\.m?ts$/.test(url) || url.includes("/node_modules/")) return next(url, context);
  const source = await readFile(fileURLToPath(url), "utf8");
  const { code } = swc.transformSync(source, {
    filename: fileURLToPath(url),
    mode: "transform",
    sourceMap: false,
  });
  return { format: "module", source: code, shortCircuit: true };
};
