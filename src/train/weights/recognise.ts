/** @file Which architecture some weights belong to, by the names and shapes of their tensors. */

import { areaOf, type Size, sides } from "../../base/size.ts";
import { type Family, familiesOf, type Recognised, type Shapes } from "../../model/index.ts";

export type { Shapes } from "../../model/index.ts";

/** What can be read from names and shapes. Heads cannot, but for the published sizes. */
export interface Architecture {
  /** Of the registry. */
  family: string;
  /** A published size, or the family's name where it is none. */
  name: string;
  dim: number;
  depth: number;
  heads?: number;
  /** Whether a tensor tells the heads. */
  told?: boolean;
  /** Another number of heads of which files with these shapes are published. */
  otherHeads?: number;
  /** Width of all heads together. */
  inner: number;
  patch: Size;
  /** Where patches of an image fill a square: else it may have any two sides. */
  imageSize?: Size;
  /** Patches of an image. */
  patches: number;
  channels: number;
  /** Of classifiers. */
  classes?: number;
  /** Other options that tensors tell. */
  settings?: Readonly<Record<string, unknown>>;
}

/**
 * The architecture, or nothing where the names are of none that is registered.
 * @param known settings that came with the weights
 */
export function recognise(
  weights: Shapes,
  known?: Readonly<Record<string, unknown>>,
): Architecture | undefined {
  for (const family of familiesOf()) {
    const found = family.recognise?.(weights, known as { patch?: Size } | undefined);
    if (found !== undefined && isWhole(found)) return named(family, found, weights);
  }
  return undefined;
}

const isWhole = ({ dim, depth, inner, patch, patches, channels }: Recognised): boolean =>
  [dim, depth, inner, ...sides(patch), patches, channels].every((n) => Number.isInteger(n) && n > 0);

function named(family: Family, found: Recognised, weights: Shapes): Architecture {
  const { dim, depth, inner, patch, patches } = found;
  const [name, size] = Object.entries(family.sizes ?? {}).find(
    ([, size]) => size.dim === dim && size.depth === depth,
  ) ?? [family.name, undefined];
  const made: Architecture = { ...found, family: family.name, name };
  if (found.heads !== undefined) made.told = true;
  else if (size !== undefined && dim === inner)
    Object.assign(made, family.headsOf?.(found, weights) ?? { heads: size.heads });
  const side = Math.sqrt(patches);
  if (Number.isInteger(side)) {
    const [h, w] = sides(patch);
    made.imageSize = h === w ? side * h : [side * h, side * w];
  }
  return made;
}

/** `crate_small, patch 16, images of 224 × 224 × 3, 1000 classes`, or that it is none that is known. */
export function describeArchitecture(found: Architecture | undefined): string {
  if (found === undefined) return "no architecture that vitrine has";
  const { name, family, dim, depth, patch, imageSize, patches, channels, classes } = found;
  const size = name === family ? ` of width ${dim} and depth ${depth}` : "";
  const [h, w] = sides(patch);
  const cut = h === w ? `${h}` : `${h} × ${w}`;
  const images =
    imageSize === undefined
      ? `images of ${patches} patches, ${patches * areaOf(patch)} × ${channels} pixels`
      : `images of ${sides(imageSize).join(" × ")} × ${channels}`;
  const head = classes === undefined ? "" : `, ${classes} classes`;
  return `${name}${size}, patch ${cut}, ${images}${head}`;
}
