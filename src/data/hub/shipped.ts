/** @file Models that come with the package, by name. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Where they are: the folder that VITRINE_MODELS names, else `models/` of the package. */
export const modelsFolder = (): string =>
  process.env.VITRINE_MODELS || fileURLToPath(new URL("../../../models/", import.meta.url));

/** The folder of a model's name; nothing where there is none. */
export function shippedModel(name: string): string | undefined {
  if (!/^\w[\w.-]*$/.test(name)) return undefined;
  const folder = join(modelsFolder(), name);
  return existsSync(join(folder, "config.json")) ? folder : undefined;
}
