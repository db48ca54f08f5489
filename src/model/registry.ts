/** @file Models by name. */

import { hint, type Random, scope, UsageError } from "../tensor/index.ts";
import { Aot } from "./crate/aot.ts";
import { Crate, type CrateOptions, CrateTrunk, tokenCount } from "./crate/crate.ts";
import { CrateAlpha } from "./crate/crate-alpha.ts";
import { CLASS_BLOCKS, Tost } from "./tost/tost.ts";
import { stemWidths } from "./tost/tost-stem.ts";
import { ViT, ViTTrunk } from "./vit/vit.ts";

export interface ModelInfo {
  name: string;
  about: string;
  dim: number;
  depth: number;
  heads: number;
  headDim: number;
  patch: number;
  imageSize: number;
  classes: number;
  parameters: number;
}

interface Size {
  dim: number;
  depth: number;
  heads: number;
}

const paper = "Yu et al. 2023";
const alpha = "Yang et al. 2024";
const tost = "Wu et al. 2024";
/** Sizes of the papers; a family's name alone is of any size. */
const SIZES: Record<string, Size & { about: string }> = {
  crate_tiny: { dim: 384, depth: 12, heads: 6, about: `CRATE-Tiny, ${paper}` },
  crate_small: { dim: 576, depth: 12, heads: 12, about: `CRATE-Small, ${paper}` },
  crate_base: { dim: 768, depth: 12, heads: 12, about: `CRATE-Base, ${paper}` },
  crate_large: { dim: 1024, depth: 24, heads: 16, about: `CRATE-Large, ${paper}` },
  crate_alpha_tiny: { dim: 192, depth: 12, heads: 3, about: `CRATE-α-Ti, ${alpha}` },
  crate_alpha_small: { dim: 576, depth: 12, heads: 12, about: `CRATE-α-S, ${alpha}` },
  crate_alpha_base: { dim: 768, depth: 12, heads: 12, about: `CRATE-α-B, ${alpha}` },
  crate_alpha_large: { dim: 1024, depth: 24, heads: 16, about: `CRATE-α-L, ${alpha}` },
  crate_alpha_huge: { dim: 1280, depth: 32, heads: 16, about: `CRATE-α-H, ${alpha}` },
  tost_tiny12: { dim: 192, depth: 12, heads: 4, about: `ToST-T, ${tost}` },
  tost_small12: { dim: 384, depth: 12, heads: 8, about: `ToST-S, ${tost}` },
  tost_tiny24: { dim: 192, depth: 24, heads: 4, about: `ToST-T of 24 layers, ${tost}` },
  tost_small24: { dim: 384, depth: 24, heads: 8, about: `ToST-S of 24 layers, ${tost}` },
  tost_medium24: { dim: 512, depth: 24, heads: 8, about: `ToST-M, ${tost}` },
  tost_large24: { dim: 768, depth: 24, heads: 16, about: `ToST-L, ${tost}` },
  vit_tiny: { dim: 192, depth: 12, heads: 3, about: "ViT-Tiny, for comparison" },
  vit_small: { dim: 384, depth: 12, heads: 6, about: "ViT-Small, for comparison" },
  vit_base: { dim: 768, depth: 12, heads: 12, about: "ViT-Base, for comparison" },
  vit_large: { dim: 1024, depth: 24, heads: 16, about: "ViT-Large, for comparison" },
};

/** Names of the official repositories. */
const ALIASES: Record<string, string> = {
  CRATE_tiny: "crate_tiny",
  CRATE_small: "crate_small",
  CRATE_base: "crate_base",
  CRATE_large: "crate_large",
};

export type ModelOptions = Partial<CrateOptions> & Pick<CrateOptions, "imageSize" | "patch" | "classes">;

/** Families whose sizes are given; crate_alpha before crate, whose name begins its own. */
const FAMILIES = ["crate_alpha", "crate", "tost", "aot", "vit"] as const;
type Family = (typeof FAMILIES)[number];

/** What `createModel` builds. */
export type ImageModel = Crate | CrateAlpha | Tost | Aot | ViT;

/** The class that a name stands for, where the name is known before the program runs. */
export type ImageModelOf<Name extends string> = string extends Name
  ? ImageModel
  : Name extends `crate_alpha${string}`
    ? CrateAlpha
    : Name extends `tost${string}`
      ? Tost
      : Name extends "aot"
        ? Aot
        : Crate | ViT;

/** Every name that `createModel` takes. */
export const modelNames = (): string[] => [
  "crate",
  "vit",
  "crate_alpha",
  "tost",
  "aot",
  ...Object.keys(SIZES),
];

/** The name without aliases, and everything the options leave to it. @throws {UsageError} unknown name, missing size */
function resolve(name: string, options: ModelOptions): { family: Family; options: CrateOptions } {
  const known = ALIASES[name] ?? name;
  if (!modelNames().includes(known))
    throw new UsageError(`model: no "${name}"${hint(name, modelNames())}; "vitrine models ls" lists them`);
  const family = FAMILIES.find((candidate) => known.startsWith(candidate))!;
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const { dim, depth, heads, headDim } = { ...SIZES[known], ...given } as Partial<CrateOptions>;
  if (dim === undefined || depth === undefined || heads === undefined)
    throw new UsageError(
      `model: "${name}" is of any size: expected dim, depth and heads, got ${JSON.stringify({ dim, depth, heads })}`,
    );
  if (headDim === undefined && dim % heads !== 0)
    throw new UsageError(`model: expected dim divisible by heads, got ${dim} and ${heads}; or name headDim`);
  return { family, options: { ...options, dim, depth, heads, headDim: headDim ?? dim / heads } };
}

/** Builds a model. @throws {UsageError} unknown name, a size that is missing or does not fit */
export function createModel<Name extends string>(
  name: Name,
  options: ModelOptions,
  random: Random,
): ImageModelOf<Name> {
  const { family, options: full } = resolve(name, options);
  const builders: Record<Family, () => ImageModel> = {
    crate: () => new Crate(full, random),
    crate_alpha: () => new CrateAlpha(full, random),
    tost: () => new Tost(full, random),
    aot: () => new Aot(full, random),
    vit: () => new ViT(full, random),
  };
  return scope(builders[family], "createModel") as ImageModelOf<Name>;
}

/** Builds a CRATE or a ViT without its head: images → features [b, d]. @throws {UsageError} another name, a missing size */
export function createTrunk(
  name: string,
  given: Omit<ModelOptions, "classes">,
  random: Random,
): CrateTrunk | ViTTrunk {
  const { family, options } = resolve(name, { ...given, classes: 0 });
  if (family !== "crate" && family !== "vit")
    throw new UsageError(`model: expected a crate or a vit without its head, got "${name}"`);
  const build = () => (family === "crate" ? new CrateTrunk(options, random) : new ViTTrunk(options, random));
  return scope(build, "createTrunk");
}

/**
 * Parameters of a model without building it: for CRATE with patches of P numbers, n tokens and C classes
 *
 *     2P + (Pd + d) + 2d + nd + d + L (2d + pK d + (pK d + d) + 2d + d²) + 2d + (dC + C)
 */
export function parameterCount(name: string, given: ModelOptions): number {
  const { family, options } = resolve(name, given);
  const { dim: d, depth: L, heads, headDim, patch, channels = 3, classes: C } = options;
  const P = patch * patch * channels;
  const n = tokenCount(options.imageSize, patch);
  const inner = heads * headDim;
  const head = 2 * d + d * C + C;
  const tokens = P * d + d + n * d + d; // patches, positions, class token
  const output = options.tiedOutput ? 0 : inner * d + d;
  const counts: Record<Family, () => number> = {
    crate: () => 2 * P + 2 * d + tokens + L * (4 * d + inner * d + output + d * d) + head,
    crate_alpha: () => tokens + L * (4 * d + 2 * inner * d + 8 * d * d) + head,
    aot: () => 2 * P + 2 * d + tokens + L * (2 * d + 2 * inner * d + d) + head,
    tost: () => {
      const widths = stemWidths(patch, d);
      const stem = widths.map((width, i) => 9 * (widths[i - 1] ?? channels) * width + 2 * width);
      const layers = L * (10 * d * d + 13 * d + heads) + CLASS_BLOCKS * (12 * d * d + 15 * d);
      return stem.reduce((sum, part) => sum + part, 0) + d + 65 * d + layers + head;
    },
    vit: () => tokens + L * (12 * d * d + 13 * d) + head,
  };
  return counts[family]();
}

/** The sized models at ImageNet's resolution. */
export function models(): ModelInfo[] {
  return Object.entries(SIZES).map(([name, { dim, depth, heads, about }]) => {
    const shape = { patch: 16, imageSize: 224, classes: 1000 };
    return {
      name,
      about,
      dim,
      depth,
      heads,
      headDim: dim / heads,
      ...shape,
      parameters: parameterCount(name, shape),
    };
  });
}
