/** @file Masked autoencoders by name. */

import { hint, type Random, scope, UsageError } from "../tensor/index.ts";
import { tokenCount } from "./crate/crate.ts";
import {
  CrateMae,
  CrateMaeClassifier,
  type CrateMaeClassifierOptions,
  type CrateMaeOptions,
} from "./mae/crate-mae.ts";
import { ViTMae, type ViTMaeOptions } from "./mae/vit-mae.ts";
import type { ModelInfo } from "./registry.ts";

interface Size {
  about: string;
  dim: number;
  depth: number;
  heads: number;
  decoderDim?: number;
  decoderDepth?: number;
  decoderHeads?: number;
  qkvBias?: boolean;
}

const crate = (size: string) =>
  `CRATE-MAE-${size}, Pai et al. 2024; as many decoder layers as encoder layers`;
/** Sizes of the papers; `crate_mae` and `vit_mae` alone are of any size. */
const SIZES: Record<string, Size> = {
  crate_mae_tiny: { dim: 384, depth: 12, heads: 6, about: crate("Tiny") },
  crate_mae_small: { dim: 576, depth: 12, heads: 12, about: crate("Small") },
  crate_mae_base: { dim: 768, depth: 12, heads: 12, about: crate("Base") },
  crate_mae_large: { dim: 1024, depth: 24, heads: 16, about: crate("Large") },
  vit_mae_small: {
    ...{ dim: 384, depth: 12, heads: 6, decoderDim: 512, decoderDepth: 8, decoderHeads: 16 },
    about: "ViT-MAE-Small, for comparison",
  },
  vit_mae_base: {
    ...{ dim: 768, depth: 12, heads: 12, decoderDim: 768, decoderDepth: 8, decoderHeads: 16 },
    qkvBias: false,
    about: "ViT-MAE-Base as wide as the CRATE repository has it, for comparison",
  },
  vit_mae_large: {
    ...{ dim: 1024, depth: 24, heads: 16, decoderDim: 1024, decoderDepth: 8, decoderHeads: 16 },
    qkvBias: false,
    about: "ViT-MAE-Large as wide as the CRATE repository has it, for comparison",
  },
};

export type MaeModelOptions = Partial<CrateMaeOptions & ViTMaeOptions> &
  Pick<CrateMaeOptions, "imageSize" | "patch">;

/** Every name that `createMae` takes. */
export const maeNames = (): string[] => ["crate_mae", "vit_mae", ...Object.keys(SIZES)];

type Resolved = { family: "crate"; options: CrateMaeOptions } | { family: "vit"; options: ViTMaeOptions };

/** The family, and the sizes that the options leave to the name. @throws {UsageError} unknown name, missing size */
function resolve(name: string, given: MaeModelOptions): Resolved {
  if (!maeNames().includes(name))
    throw new UsageError(`model: no "${name}"${hint(name, maeNames())}; "vitrine models ls" lists them`);
  const { about: _, ...size } = SIZES[name] ?? { about: "" };
  const own = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const all = { ...size, ...own } as Partial<CrateMaeOptions & ViTMaeOptions>;
  const need = [
    "dim",
    "depth",
    "heads",
    ...(name.startsWith("vit") ? ["decoderDim", "decoderDepth", "decoderHeads"] : []),
  ];
  const missing = need.find((key) => all[key as keyof typeof all] === undefined);
  if (missing !== undefined)
    throw new UsageError(`model: "${name}" is of any size: expected ${need.join(", ")}, got no ${missing}`);
  const { dim, heads, headDim, decoderDim, decoderHeads } = all as CrateMaeOptions & ViTMaeOptions;
  if (headDim === undefined && dim % heads !== 0)
    throw new UsageError(`model: expected dim divisible by heads, got ${dim} and ${heads}; or name headDim`);
  if (name.startsWith("vit") && decoderDim % decoderHeads !== 0)
    throw new UsageError(
      `model: expected decoderDim divisible by decoderHeads, got ${decoderDim} and ${decoderHeads}`,
    );
  tokenCount(given.imageSize, given.patch); // for its check of the sizes
  return name.startsWith("crate")
    ? { family: "crate", options: { ...(all as CrateMaeOptions), headDim: headDim ?? dim / heads } }
    : { family: "vit", options: all as ViTMaeOptions };
}

/** Builds a masked autoencoder. @throws {UsageError} unknown name, a size that is missing or does not fit */
export function createMae(name: string, given: MaeModelOptions, random: Random): CrateMae | ViTMae {
  const { family, options } = resolve(name, given);
  return scope(
    () => (family === "crate" ? new CrateMae(options, random) : new ViTMae(options, random)),
    "createMae",
  );
}

/** Builds a classifier on the encoder of a CRATE-MAE. @throws {UsageError} as `createMae` */
export function createMaeClassifier(
  name: string,
  { classes, pool, ...given }: MaeModelOptions & Pick<CrateMaeClassifierOptions, "classes" | "pool">,
  random: Random,
): CrateMaeClassifier {
  const { options } = resolve(name, given) as { options: CrateMaeOptions };
  const all = { ...options, classes, ...(pool !== undefined && { pool }) };
  return scope(() => new CrateMaeClassifier(all, random), "createMaeClassifier");
}

/**
 * Numbers in a masked autoencoder as its authors count them, fixed positions and the unused layer too. For CRATE-MAE
 * with patches of P numbers and n tokens
 *
 *     (Pd + d) + 2d + 2nd + L (4d + 2pK d + d + d²) + 2d + (d² + d) + L (4d + 2pK d + d + d²) + 2d + (Pd + P)
 */
export function maeParameterCount(name: string, given: MaeModelOptions): number {
  const { family, options } = resolve(name, given);
  const { dim: d, depth: L, heads, patch, channels = 3 } = options;
  const P = patch * patch * channels;
  const n = tokenCount(options.imageSize, patch);
  if (family === "vit") {
    const { decoderDim: e, decoderDepth: M, qkvBias = true } = options;
    const block = (width: number) => 12 * width * width + (qkvBias ? 13 : 10) * width;
    const encoder = P * d + d + d + n * d + L * block(d) + 2 * d;
    return encoder + (d * e + e) + e + n * e + M * block(e) + 2 * e + (e * P + P);
  }
  const inner = heads * options.headDim;
  const block = 4 * d + 2 * inner * d + d + d * d;
  return P * d + d + 2 * d + 2 * n * d + L * block + 2 * d + (d * d + d) + L * block + 2 * d + (P * d + P);
}

/** The sized masked autoencoders at ImageNet's resolution. */
export function maes(): ModelInfo[] {
  const shape = { patch: 16, imageSize: 224 };
  return Object.entries(SIZES).map(([name, { dim, depth, heads, about }]) => ({
    ...{ name, about, dim, depth, heads, headDim: dim / heads, ...shape, classes: 0 },
    parameters: maeParameterCount(name, shape),
  }));
}
