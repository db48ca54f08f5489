/** @file A file of another library's network: its tensors under our names, and the settings in its config.json. */

import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Tensor } from "../../tensor/index.ts";
import { type Settings, type Translation, translated, translationOf } from "./layouts/index.ts";
import { some } from "./transfer.ts";

/** A network of another library. */
export interface Elsewhere {
  /** Under our names; where ours cannot compute it, under its own. */
  tensors: Map<string, Tensor>;
  model?: Settings;
  notes: string[];
  /** Why ours cannot compute it. */
  refused?: string;
}

/** The network in a file, where its names are another library's; the caller frees the tensors, and those it gave. */
export function elsewhere(path: string, tensors: Map<string, Tensor>): Elsewhere | undefined {
  const found = translationOf(tensors, configBeside(path));
  if (found === undefined) return undefined;
  if ("refused" in found) return { tensors, notes: [], refused: found.refused };
  return { tensors: translated(found, tensors), model: found.settings, notes: [inWords(path, found)] };
}

/** `names are those of GPT-2 of Hugging Face, settings those of config.json; left out: lm_head.weight` */
function inWords(path: string, { layout, left }: Translation): string {
  const config = existsSync(placeOf(path))
    ? "those of config.json"
    : "the usual ones, for there is no config.json";
  const rest = left.length === 0 ? "" : `; left out: ${some(left)}`;
  return `${path}: names are those of ${layout.name}, settings ${config}${rest}`;
}

const placeOf = (path: string): string => join(dirname(path), "config.json");

/** What config.json beside a file says; nothing where there is none. */
export function configBeside(path: string): Settings {
  const config = placeOf(path);
  try {
    const found: unknown = existsSync(config) ? JSON.parse(readFileSync(config, "utf8")) : undefined;
    return typeof found === "object" && found !== null ? (found as Settings) : {};
  } catch {
    return {}; // another program's
  }
}
