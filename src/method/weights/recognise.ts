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
  const finish = (found: Omit<Architecture, "name" | "heads">): Architecture | undefined => {
    if (
      ![found.dim, found.depth, found.patch, found.imageSize, found.channels].every(
        (n) => Number.isInteger(n) && n > 0,
      )
    )
      return undefined;
    const named = [...models(), ...maes()].find(
      ({ name, dim, depth }) =>
        name.replace(/_[a-z]+$/, "") === found.family && dim === found.dim && depth === found.depth,
    );
    return { ...found, name: named?.name ?? found.family, ...(named && { heads: named.heads }) };
  };

  const pixels = size("to_patch_embedding.2.weight", 1);
  if (pixels !== undefined && names.some((name) => name.startsWith("transformer.layers."))) {
    const channels = Number.isInteger(Math.sqrt(pixels / 3)) ? 3 : 1;
    const patch = Math.sqrt(pixels / channels);
    const classes = size("mlp_head.1.weight", 0);
    return finish({
      ...{ family: "crate", dim: size("to_patch_embedding.2.weight", 0)! },
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
  const positions = weights.has("decoder_pos_embed") ? "decoder_pos_embed" : "pos_embed";
  return finish({
    family: white ? "crate_mae" : masked ? "vit_mae" : "vit",
    ...{ dim, depth: countOf(names, "blocks."), patch, channels },
    imageSize: tokens(positions) * patch,
    ...(classes !== undefined && { classes }),
  });
}

/** `crate_small, patch 16, images of 224 × 224 × 3, 1000 classes`, or that it is none that is known. */
export function describeArchitecture(found: Architecture | undefined): string {
  if (found === undefined) return "no architecture that vitrine has";
  const { name, family, dim, depth, patch, imageSize, channels, classes } = found;
  const size = name === family ? ` of width ${dim} and depth ${depth}` : "";
  const head = classes === undefined ? "" : `, ${classes} classes`;
  return `${name}${size}, patch ${patch}, images of ${imageSize} × ${imageSize} × ${channels}${head}`;
}
