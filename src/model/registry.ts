/** @file Models by name. */

import { hint, type Random, scope, UsageError } from "../tensor/index.ts";
import { Crate, type CrateOptions, CrateTrunk, tokenCount } from "./crate.ts";
import { ViT, ViTTrunk } from "./vit.ts";

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
/** Sizes of the papers; `crate` and `vit` alone are of any size. */
const SIZES: Record<string, Size & { about: string }> = {
  crate_tiny: { dim: 384, depth: 12, heads: 6, about: `CRATE-Tiny, ${paper}` },
  crate_small: { dim: 576, depth: 12, heads: 12, about: `CRATE-Small, ${paper}` },
  crate_base: { dim: 768, depth: 12, heads: 12, about: `CRATE-Base, ${paper}` },
  crate_large: { dim: 1024, depth: 24, heads: 16, about: `CRATE-Large, ${paper}` },
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

/** Every name that `createModel` takes. */
export const modelNames = (): string[] => ["crate", "vit", ...Object.keys(SIZES)];

/** The name without aliases, and everything the options leave to it. @throws {UsageError} unknown name, missing size */
function resolve(name: string, options: ModelOptions): { family: "crate" | "vit"; options: CrateOptions } {
  const known = ALIASES[name] ?? name;
  if (!modelNames().includes(known))
    throw new UsageError(`model: no "${name}"${hint(name, modelNames())}; "vitrine models ls" lists them`);
  const family = known.startsWith("crate") ? "crate" : "vit";
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
export function createModel(name: string, options: ModelOptions, random: Random): Crate | ViT {
  const resolved = resolve(name, options);
  const build = () =>
    resolved.family === "crate" ? new Crate(resolved.options, random) : new ViT(resolved.options, random);
  return scope(build, "createModel");
}

/** Builds a model without its head: images → features [b, d]. @throws {UsageError} as `createModel` */
export function createTrunk(
  name: string,
  given: Omit<ModelOptions, "classes">,
  random: Random,
): CrateTrunk | ViTTrunk {
  const { family, options } = resolve(name, { ...given, classes: 0 });
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
  if (family === "vit") return P * d + d + d + n * d + L * (12 * d * d + 13 * d) + 2 * d + d * C + C;
  const inner = heads * headDim;
  const output = options.tiedOutput ? 0 : inner * d + d;
  return 2 * P + P * d + d + 2 * d + n * d + d + L * (4 * d + inner * d + output + d * d) + 2 * d + d * C + C;
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
