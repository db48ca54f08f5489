/** @file Settings from the environment: VITRINE_TRAIN__BATCH_SIZE=64 sets train.batchSize, VITRINE_SEED=1 sets seed. */
import { UsageError } from "../base/errors.ts";
import { hint } from "../base/nearest.ts";
import type { Layer } from "../recipe/index.ts";
import { treeOf } from "./recipe.ts";
import { parseText, recipeKeys } from "./recipe-keys.ts";

/** The variable of a key: `train.batchSize` → `VITRINE_TRAIN__BATCH_SIZE`. */
export function variableOf(path: string): string {
  const words = path.replaceAll(/([A-Z])/g, "_$1").replaceAll(".", "__");
  return `VITRINE_${words.toUpperCase()}`;
}

/**
 * One layer for each variable that names a key of the recipe. Variables without a double underscore are others' business
 * (VITRINE_DATA, VITRINE_LIBTORCH), but for the seed.
 * @throws UsageError on a variable that looks like a key and is none
 */
export function environmentLayers(environment: NodeJS.ProcessEnv): Layer[] {
  const keys = recipeKeys().filter((key) => key.path.includes(".") || key.path === "seed");
  const variables = new Map(keys.map((key) => [variableOf(key.path), key]));
  const layers: Layer[] = [];
  for (const [name, text] of Object.entries(environment)) {
    if (!name.startsWith("VITRINE_") || text === undefined) continue;
    const key = variables.get(name);
    if (key !== undefined) {
      layers.push({ origin: name, values: treeOf(key.path, parseText(key, text)) });
    } else if (name.includes("__")) {
      throw new UsageError(
        `unknown variable ${name}${hint(name, variables.keys())}; unset it or correct its name`,
        {
          path: name,
        },
      );
    }
  }
  return layers;
}
