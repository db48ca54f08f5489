/** @file Figures of what the class token attends to, over the images themselves. */

import { largestOf, leastOf } from "../base/extremes.ts";
import { csv, type Figure, figure, type GridImage, imageGrid } from "../chart/index.ts";
import { pngDataUri } from "../chart/png.ts";
import { decode, unpackMap } from "./attention-maps.ts";
import { subtitle } from "./layer-figures.ts";
import type { Report, ReportAttention } from "./report-schema.ts";

/** Heads that are drawn; more do not fit. */
const MOST_HEADS = 12;

/** Layers and heads of the maps: the least that any image has. */
function sizesOf({ attention = [] }: Report): { depth: number; heads: number } {
  const depth = leastOf(attention.map(({ layers }) => layers.length));
  return { depth, heads: leastOf(attention.map(({ layers }) => layers[0]!.length)) };
}

/** Attention of the class token in the last layer but one, which shows objects best; every head, for each image. */
export function attentionFigure(report: Report): Figure {
  const { depth, heads } = sizesOf(report);
  const layer = Math.max(0, depth - 2);
  const names = Array.from({ length: Math.min(MOST_HEADS, heads) }, (_, k) => `head ${k + 1}`);
  const title = `What the class token attends to in layer ${layer + 1} of ${depth}, by head`;
  const maps = (sample: ReportAttention) => sample.layers[layer]!.slice(0, MOST_HEADS).map(unpackMap);
  return grid(report, title, names, maps);
}

/** The same, mean over the heads, for every layer. */
export function attentionDepthFigure(report: Report): Figure {
  const { depth } = sizesOf(report);
  const stride = Math.ceil(depth / MOST_HEADS);
  const layers = Array.from({ length: depth }, (_, l) => l).filter((l) => (l + 1) % stride === 0);
  const names = layers.map((l) => `layer ${l + 1}`);
  const maps = (sample: ReportAttention) =>
    layers.map((l) => {
      const heads = sample.layers[l]!.map(unpackMap);
      return heads[0]!.map((_, i) => heads.reduce((sum, head) => sum + head[i]!, 0) / heads.length);
    });
  return grid(report, "What the class token attends to, by layer (mean over heads)", names, maps);
}

function grid(
  report: Report,
  title: string,
  names: string[],
  mapsOf: (sample: ReportAttention) => Float32Array[],
): Figure {
  const { attention = [], data } = report;
  const classes = data?.classes ?? [];
  const rows: (string | number)[][] = [];
  const all = attention.map((sample) => ({ sample, maps: mapsOf(sample) }));
  const largest = largestOf(all.flatMap(({ maps }) => maps.map((map) => largestOf(map))), 0); // biome-ignore format: short
  const images = all.flatMap(({ sample, maps }): GridImage[] => {
    const aspect = sample.image.width / sample.image.height;
    maps.forEach((map, i) => {
      map.forEach((weight, at) => {
        const [row, column] = [Math.floor(at / sample.columns), at % sample.columns];
        rows.push([sample.index, names[i]!, row, column, weight]);
      });
    });
    const pictures = maps.map(
      (values): GridImage => ({
        pixels: {
          values,
          width: sample.columns,
          height: sample.rows,
          min: 0,
          max: largest,
          colours: "viridis",
        },
        caption: `${(100 * largestOf(values)).toFixed(largestOf(values) < 0.095 ? 1 : 0)} %`,
        aspect,
      }),
    );
    return [{ source: picture(sample), aspect }, ...pictures];
  });
  // one number where all images have as many patches
  const patches = [...new Set(attention.map((sample) => sample.rows * sample.columns))];
  const marks = patches.length === 1 ? [{ value: 1 / patches[0]!, name: "1/n" }] : [];
  const columns = names.length + 1;
  const rowNames = attention.map(({ label, prediction }) => {
    const name = classes[label] ?? String(label);
    if (prediction === undefined || prediction.after === label) return name;
    return `${name} (as ${classes[prediction.after] ?? prediction.after})`;
  });
  const { svg } = figure(
    {
      title,
      subtitle: `${subtitle(report)}; one scale for all maps, under each its largest weight; 1/n: evenly over all patches`,
      width: Math.min(1100, Math.max(640, 120 + columns * 88)),
    },
    imageGrid({
      ...{ images, columns, rowNames, columnNames: ["image", ...names] },
      bar: { low: 0, high: largest, format: "percent", label: "weight of a patch", marks },
    }),
  );
  return { svg, csv: csv({ columns: ["image", "map", "row", "column", "weight"], rows }) };
}

/** The picture itself: grey of one channel, colours of three. */
function picture({ image }: ReportAttention): string {
  const { channels, height, width } = image;
  return pngDataUri(interleaved(decode(image.pixels), channels, height * width), width, height);
}

/** [channel][pixel] to [pixel][colour]: one grey channel, or the first three as red, green and blue. */
function interleaved(bytes: Uint8Array, channels: number, plane: number): Uint8Array {
  if (channels < 3) return bytes.subarray(0, plane);
  return Uint8Array.from({ length: plane * 3 }, (_, i) => bytes[(i % 3) * plane + Math.floor(i / 3)]!);
}
