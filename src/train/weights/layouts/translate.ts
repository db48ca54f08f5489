/** @file Tensors under other libraries' names as ours: which go together, and how each is changed. */

import type { Shapes } from "../../../model/index.ts";
import type { Change, Config, Layout, Name, Settings } from "./layout.ts";

/** Where a tensor of ours comes from: one of theirs, or queries, keys and values. */
export interface Source {
  from: readonly string[];
  change: Exclude<Change, 0 | 1 | 2> | "joined" | undefined;
}

export type Translation = {
  layout: Layout;
  /** By our names. */
  sources: ReadonlyMap<string, Source>;
  /** What is left out, by their names. */
  left: readonly string[];
} & ({ settings: Settings } | { refused: string });

/** What the tensors are in a layout; nothing where they are of another one. */
export function translationIn(layout: Layout, tensors: Shapes, config: Config): Translation | undefined {
  const anchor = [...tensors.keys()].find(
    (name) => name === layout.anchor || name.endsWith(`.${layout.anchor}`),
  );
  if (anchor === undefined) return undefined;
  const prefix = anchor.slice(0, -layout.anchor.length);
  const found = new Map<string, { from: string[]; change: Change | undefined }>();
  const left: string[] = [];
  let strange: string | undefined;
  for (const name of tensors.keys()) {
    const inside = name.startsWith(prefix) ? name.slice(prefix.length) : undefined;
    const ours = ourName(layout.names, inside ?? name);
    if (ours === undefined) {
      left.push(name);
      if (inside !== undefined && !layout.besides.test(inside)) strange ??= name;
      continue;
    }
    const entry = found.get(ours.name) ?? { from: [], change: ours.change };
    found.set(ours.name, entry);
    if (typeof ours.change === "number") entry.from[ours.change] = name;
    else entry.from = [name];
  }
  const sources = new Map<string, Source>();
  for (const [name, { from, change }] of found) {
    sources.set(name, { from, change: typeof change === "number" ? "joined" : change });
    if (typeof change === "number" && Object.keys(from).length < 3)
      strange ??= from.find((each) => each !== undefined);
  }
  const refused = (why: string) => ({ layout, sources, left, refused: `${layout.name}: ${why}` });
  if (strange !== undefined) return refused(`"${strange}" is a part that ours has not`);
  const settings = layout.settings(shapesOf(sources, tensors), config);
  return typeof settings === "string" ? refused(settings) : { layout, sources, left, settings };
}

/** Our name of a tensor, and how it is changed. */
function ourName(
  names: readonly Name[],
  given: string,
): { name: string; change: Change | undefined } | undefined {
  for (const [theirs, ours, change] of names) {
    const open = theirs.endsWith(".");
    const pattern = theirs.replaceAll(".", "\\.").replace("*", "(\\d+)");
    const match = new RegExp(`^${pattern}${open ? "(weight|bias)" : ""}$`).exec(given);
    if (match === null) continue;
    const layer = theirs.includes("*") ? match[1]! : "";
    return { name: ours.replace("*", layer) + (open ? match.at(-1)! : ""), change };
  }
  return undefined;
}

/** Shapes under our names. */
export function shapesOf(sources: ReadonlyMap<string, Source>, tensors: Shapes): Shapes {
  const shape = ({ from, change }: Source): number[] => {
    const [first = 0, ...rest] = tensors.get(from[0]!)!.shape;
    if (change === "joined") return [3 * first, ...rest];
    if (change === "transposed") return [...rest, first];
    if (change === "class") return [first, rest[0]! + 1, ...rest.slice(1)];
    if (change === "row") return rest.length === 0 ? [1, 1, first] : [1, first, ...rest];
    return [first, ...rest];
  };
  return new Map([...sources].map(([name, source]) => [name, { shape: shape(source) }]));
}
