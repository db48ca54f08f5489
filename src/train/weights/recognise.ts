/** @file Which architecture some weights belong to, by the names and shapes of their tensors. */

import { maes, models } from "../../model/index.ts";

/** Anything with a shape: a tensor, or an entry of a file. */
export type Shapes = ReadonlyMap<string, { readonly shape: readonly number[] }>;

export type Family = "crate" | "crate_mae" | "vit" | "vit_mae";

/** What can be read from names and shapes. Heads cannot, but for the published sizes. */
export interface Architecture {
  family: Family;
  /** A published size, or the family's name where it is none. */
  name: string;
  dim: number;
  depth: number;
  heads?: number;
  /** Another number of heads of which files with these shapes are published. */
  otherHeads?: number;
  /** Width of all heads together. */
  inner: number;
  patch: number;
  /** Side in pixels, of square images. */
  imageSize: number;
  channels: number;
  /** Of classifiers. */
  classes?: number;
}

/** Whole numbers behind a name, counted: `blocks.0.`, `blocks.1.`, … */
const countOf = (names: readonly string[], prefix: string): number =>
  new Set(
    names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length).split(".")[0]),
  ).size;

/** The architecture, or nothing where the names are of none that this package has. */
export function recognise(weights: Shapes): Architecture | undefined {
  const names = [...weights.keys()];
  const size = (name: string, dim: number): number | undefined => weights.get(name)?.shape.at(dim);
  const tokens = (name: string) => Math.sqrt((size(name, 1) ?? Number.NaN) - 1);
  const finish = (found: Omit<Architecture, "name" | "heads" | "otherHeads">): Architecture | undefined => {
    if (
      ![found.dim, found.depth, found.inner, found.patch, found.imageSize, found.channels].every(
        (n) => Number.isInteger(n) && n > 0,
      )
    )
      return undefined;
    const named = [...models(), ...maes()].find(
      ({ name, dim, depth }) =>
        name.replace(/_[a-z]+$/, "") === found.family && dim === found.dim && depth === found.depth,
    );
    const heads = named?.dim === found.inner ? publishedHeads(named.name, named.heads, weights, found) : {};
    return { ...found, name: named?.name ?? found.family, ...heads };
  };

  const pixels = size("to_patch_embedding.2.weight", 1);
  if (pixels !== undefined && names.some((name) => name.startsWith("transformer.layers."))) {
    const channels = Number.isInteger(Math.sqrt(pixels / 3)) ? 3 : 1;
    const patch = Math.sqrt(pixels / channels);
    const classes = size("mlp_head.1.weight", 0);
    return finish({
      ...{ family: "crate", dim: size("to_patch_embedding.2.weight", 0)! },
      ...{ inner: size("transformer.layers.0.0.fn.qkv.weight", 0) ?? 0 },
      ...{ depth: countOf(names, "transformer.layers."), patch, channels },
      imageSize: tokens("pos_embedding") * patch,
      ...(classes !== undefined && { classes }),
    });
  }
  const kernel = weights.get("patch_embed.proj.weight")?.shape;
  if (kernel === undefined || kernel.length !== 4) return undefined;
  const [dim, channels, patch] = kernel as [number, number, number];
  const white = weights.has("blocks.0.layers.0.0.fn.qkv.weight");
  if (!white && !weights.has("blocks.0.attn.qkv.weight")) return undefined;
  const masked = white || names.some((name) => name.startsWith("decoder_blocks."));
  const classes = size("head.weight", 0);
  const qkv = size(white ? "blocks.0.layers.0.0.fn.qkv.weight" : "blocks.0.attn.qkv.weight", 0) ?? 0;
  const positions = weights.has("decoder_pos_embed") ? "decoder_pos_embed" : "pos_embed";
  return finish({
    family: white ? "crate_mae" : masked ? "vit_mae" : "vit",
    ...{ dim, depth: countOf(names, "blocks."), inner: white ? qkv : qkv / 3, patch, channels },
    imageSize: tokens(positions) * patch,
    ...(classes !== undefined && { classes }),
  });
}

/**
 * Heads of a published size. CRATE-Base is published twice with the same shapes of layers: as in the paper with 12 heads of
 * 64, and for segmentation with 6 of 128, whose file has patches of 8 and a square layer before a head of 21,842 classes.
 */
function publishedHeads(
  name: string,
  heads: number,
  weights: Shapes,
  { dim, patch, classes }: Pick<Architecture, "dim" | "patch" | "classes">,
): Pick<Architecture, "heads" | "otherHeads"> {
  if (name !== "crate_base") return { heads };
  const squareHead = classes === dim && [...weights.values()].some(({ shape }) => shape[0] === 21_842);
  return squareHead && patch === 8 ? { heads: 6, otherHeads: 12 } : { heads, otherHeads: 6 };
}

/** `crate_small, patch 16, images of 224 × 224 × 3, 1000 classes`, or that it is none that is known. */
export function describeArchitecture(found: Architecture | undefined): string {
  if (found === undefined) return "no architecture that vitrine has";
  const { name, family, dim, depth, patch, imageSize, channels, classes } = found;
  const size = name === family ? ` of width ${dim} and depth ${depth}` : "";
  const head = classes === undefined ? "" : `, ${classes} classes`;
  return `${name}${size}, patch ${patch}, images of ${imageSize} × ${imageSize} × ${channels}${head}`;
}
