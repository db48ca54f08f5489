/** @file Networks without patches, by the names of their tensors: each family is built small, and its names are compared. */

import { largestOf } from "../../base/extremes.ts";
import { createModel, familiesOf, type Shapes } from "../../model/index.ts";
import type { Module } from "../../nn/index.ts";
import { random } from "../../tensor/index.ts";

/** What names and shapes tell of a language model. Heads they do not tell. */
export interface LanguageArchitecture {
  /** Of the registry. */
  family: string;
  dim: number;
  depth: number;
  context: number;
  vocabulary: number;
}

const SMALL = { dim: 8, depth: 1, heads: 1, context: 3, vocabulary: 5 } as const;
/** Tables and heads that some files leave out. */
const TIED = /^(lm_head|cls)\.|^transformer\.lm_head\./;

/** The language model that the tensors are of; nothing where they are of none that is registered. */
export function recogniseLanguage(tensors: Shapes): LanguageArchitecture | undefined {
  const names = withoutLayers(tensors, TIED);
  for (const family of familiesOf("language")) {
    using small = createModel(family.name, SMALL, random(1), "language") as Module;
    const own = small.stateDict();
    if (!equal(names, withoutLayers(own, TIED))) continue;
    const table = (rows: number) => {
      const name = [...own].find(([, { shape }]) => shape.join() === [rows, SMALL.dim].join())?.[0];
      return tensors.get(name ?? "")?.shape ?? [];
    };
    const [vocabulary = 0, dim = 0] = table(SMALL.vocabulary);
    const [context = 0] = table(SMALL.context);
    if (!fits(own, tensors, dim)) continue; // a complete dictionary and one of four times the size have one name
    const layers = [...tensors.keys()].map((name) => Number(/\.(\d+)\./.exec(name)?.[1] ?? -1));
    return { family: family.name, dim, depth: largestOf(layers) + 1, context, vocabulary };
  }
  return undefined;
}

/** Whether matrices of the first layer have the shapes of the small one's, for another width. */
const fits = (own: Shapes, tensors: Shapes, dim: number): boolean =>
  [...own]
    .filter(([name]) => /\.0\.(?!attn\.(temp|denom_bias))/.test(name))
    .every(([name, { shape }]) =>
      shape.every((side, i) => tensors.get(name)?.shape[i] === (side / SMALL.dim) * dim),
    );

/** The closed-loop networks that have these names: `encoder of ctrl_mnist or ictrl`; nothing where none has. */
export function recogniseClosedLoop(tensors: Shapes): string | undefined {
  const names = withoutLayers(tensors);
  const sizes = { channels: 3, features: 16, width: 16 };
  const found = new Map<string, string[]>();
  for (const { name } of familiesOf("pair")) {
    const { encoder, decoder } = createModel(name, sizes, random(1), "pair");
    for (const [part, net] of Object.entries({ encoder, decoder }))
      if (equal(names, withoutLayers(net.stateDict()))) found.set(part, [...(found.get(part) ?? []), name]);
    encoder.dispose();
    decoder.dispose();
  }
  const [first] = found;
  return first && `${first[0]} of ${first[1].join(" or ")}`;
}

/** Names, of which those of layers after the first are left out. */
const withoutLayers = (tensors: Shapes, besides = /^$/): Set<string> =>
  new Set([...tensors.keys()].filter((name) => !/\.(h|layer)\.[1-9]\d*\./.test(name) && !besides.test(name)));

const equal = (a: ReadonlySet<string>, b: ReadonlySet<string>): boolean =>
  a.size === b.size && [...a].every((name) => b.has(name));

/** The families of language models have heads of 64 where they are published. */
export const PUBLISHED_HEAD = 64;
