/** @file Pictures of segments: attention by head, colours of patches. */

import { join } from "node:path";
import { writeFileAtomic } from "../../base/write-file.ts";
import { figure, imageGrid } from "../../chart/index.ts";
import { type Pixels, writePng } from "../../chart/pixels.ts";
import { pngDataUri } from "../../chart/png.ts";
import { codeColours, type Look, type Picture, paperColours } from "../../evaluate/segment/index.ts";
import { scope, stack, type Tensor } from "../../tensor/index.ts";
import type { SegmentOptions } from "./options.ts";
import { coloured, cutOut, heat, inRows, plain } from "./paint.ts";
import { binariser } from "./scorer.ts";

/** Image and heads: above their attention, below the mask of it. */
export async function drawAttention(
  path: string,
  picture: Picture,
  { grid, maps }: Look,
  layer: number,
  options: SegmentOptions,
): Promise<string[]> {
  const binary = binariser(options);
  const [rows, columns] = grid;
  const heads = maps[layer]!;
  const upper = [plain(picture), ...heads.map((head) => heat(picture, grid, head))];
  const lower = heads.map((head) => cutOut(picture, [{ rows, columns, cells: binary(head) }]));
  const tiles = [...upper, plain(picture), ...lower];
  await writePng(`${path}-attention.png`, inRows(tiles, heads.length + 1));
  const source = ({ data, width, height }: Pixels) => ({
    source: pngDataUri(data, width, height),
    aspect: width / height,
  });
  const { svg } = figure(
    {
      title: `What the class token attends to in layer ${layer + 1} of ${maps.length}, by head`,
      subtitle: "yellow is each map's largest weight; below, what the rule keeps of it",
      width: Math.min(1100, Math.max(640, 120 + tiles.length * 44)),
    },
    imageGrid({
      images: tiles.map(source),
      columns: heads.length + 1,
      columnNames: ["image", ...heads.map((_, k) => `head ${k + 1}`)],
      rowNames: ["attention", "mask"],
    }),
  );
  writeFileAtomic(`${path}-attention.svg`, svg);
  return [`${path}-attention.png`, `${path}-attention.svg`];
}

/** All images at once: components are those of all their patches together. */
export async function drawColours(
  features: readonly Tensor[],
  shown: readonly { path: string; picture: Picture; grid: Look["grid"] }[],
  { colours = "paper", output }: SegmentOptions,
): Promise<string[]> {
  const { grid } = shown[0]!;
  const made = scope(() => (colours === "paper" ? paperColours : codeColours)(stack(features, 0), grid));
  const written: string[] = [];
  for (const [j, { path, picture }] of shown.entries()) {
    const file = join(output, `${path}-pca.png`);
    await writePng(file, inRows([plain(picture), coloured(picture, grid, made[j]!.colours)], 2));
    written.push(file);
  }
  return written;
}
