/** @file What no tensor of a file tells, and what is taken for it: heads, ISTA's constants, the pixels' normalisation. */

import { familyOf } from "../../model/index.ts";
import { UsageError } from "../../tensor/index.ts";
import type { GuessedHeads } from "./heads-in-weights.ts";
import type { Architecture } from "./recognise.ts";

type Settings = Readonly<Record<string, unknown>>;

/** What a family's own code has for an option; nothing where it has no such option. */
function usual(family: string, key: string): unknown {
  const [form] = Object.values(familyOf(family).family.forms);
  return form?.options.shape[key]?.safeParse(undefined).data;
}

/** The number of heads, and why it is that where nobody gave it. */
export interface Heads {
  heads: number;
  because?: string;
}

/**
 * Heads that are given, else those of the settings that the weights came with, else of the published size.
 * @param seen what the weights themselves look like
 * @throws {UsageError} nothing tells; the width of all heads is no multiple of them
 */
export function headsOf(
  found: Architecture,
  given: number | undefined,
  model: Settings | undefined,
  path: string,
  seen?: GuessedHeads,
): Heads {
  const known = given ?? (typeof model?.heads === "number" ? model.heads : undefined);
  const heads = known ?? found.heads ?? seen?.heads;
  if (heads === undefined)
    throw new UsageError(
      `${path}: no tensor tells the number of heads, and ${found.dim} × ${found.depth} is no published size; give --heads, of ${found.inner} in all`,
      { path: "--heads" },
    );
  if (found.inner % heads !== 0)
    throw new UsageError(
      `${path}: expected a number of heads that divides ${found.inner}, received ${heads}`,
      { path: "--heads" },
    );
  // of settings without heads the name of a published size tells them
  const told = known !== undefined || found.told || (model !== undefined && model.name !== found.family);
  const because = told ? undefined : inWeights(found, heads, seen);
  return { heads, ...(because !== undefined && { because }) };
}

/** What is assumed, and where the weights look like another number, that they do. */
function inWeights(found: Architecture, heads: number, seen: GuessedHeads | undefined): string | undefined {
  const size = headsInWords(found);
  if (seen === undefined) return size;
  const look = `the weights look like ${seen.heads} heads of ${found.inner / seen.heads} (${seen.ratio.toFixed(1)} times chance)`;
  if (size === undefined) return look;
  return seen.heads === heads ? size : `${size}, but ${look}`;
}

/** `12 heads of 64, as crate_base has (files of 6 heads of 128 are published too)`; nothing where no size tells. */
export function headsInWords({ name, heads, inner, otherHeads, told }: Architecture): string | undefined {
  if (heads === undefined || told) return undefined;
  const of = (n: number) => `${n} heads of ${inner / n}`;
  const others = otherHeads === undefined ? "" : ` (files of ${of(otherHeads)} are published too)`;
  return `${of(heads)}, as ${name} has${others}`;
}

/** What is taken for a file whose settings nobody gave, in one line; nothing where all is known. */
export function assumptions(
  path: string,
  found: Architecture,
  { because }: Heads,
  model: Settings | undefined,
  pixels: string | undefined,
): string | undefined {
  const [eta, lambda] = [usual(found.family, "eta"), usual(found.family, "lambda")];
  const words = [
    ...(because === undefined ? [] : [`${because}; --heads says otherwise`]),
    ...(model === undefined && lambda !== undefined ? [`η ${eta} and λ ${lambda}`] : []),
    ...(pixels === undefined ? [] : [pixels]),
  ];
  return words.length > 0 ? `${path}: no tensor tells, so assumed: ${words.join("; ")}` : undefined;
}
