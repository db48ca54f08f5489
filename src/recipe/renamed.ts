/** @file The recipe of a run that an earlier version wrote, under the names of today. */

import { underNewNames } from "../base/renamed.ts";
import type { Layer } from "./merge.ts";

/** The layer of a run's `recipe.json`; `note` is told each old name. */
export function layerOfRun(layer: Layer, note: (text: string) => void): Layer {
  const { values, renamed } = underNewNames(layer.values);
  for (const sentence of renamed) note(`${layer.origin}: written by an earlier version; ${sentence}`);
  return { ...layer, values, ofRun: true };
}
