/** @file Figures of what the class token attends to, over the images themselves. */

import { leastOf } from "../base/extremes.ts";
import { colourMaps, csv, type Figure, figure, type GridImage, imageGrid } from "../chart/index.ts";
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
  const images = attention.flatMap((sample): GridImage[] => {
    const maps = mapsOf(sample);
    maps.forEach((map, i) => {
      map.forEach((weight, at) => {
        const [row, column] = [Math.floor(at / sample.columns), at % sample.columns];
        rows.push([sample.index, names[i]!, row, column, weight]);
      });
    });
    const aspect = sample.image.width / sample.image.height;
    return [
      { source: picture(sample), aspect },
      ...maps.map((map) => ({ source: overlay(sample, map), aspect })),
    ];
  });
  const columns = names.length + 1;
  const rowNames = attention.map(({ label, prediction }) => {
    const name = classes[label] ?? String(label);
    if (prediction === undefined || prediction.after === label) return name;
    return `${name} (as ${classes[prediction.after] ?? prediction.after})`;
  });
  const { svg } = figure(
    {
      title,
      subtitle: `${subtitle(report)}; yellow is each map's largest weight, violet is 0`,
      width: Math.min(1100, Math.max(640, 120 + columns * 88)),
    },
    imageGrid({ images, columns, rowNames, columnNames: ["image", ...names] }),
  );
  return { svg, csv: csv({ columns: ["image", "map", "row", "column", "weight"], rows }) };
}

/** The picture itself: grey of one channel, colours of three. */
function picture({ image }: ReportAttention): string {
  const { channels, height, width } = image;
  return pngDataUri(interleaved(decode(image.pixels), channels, height * width), width, height);
}

/** The map in viridis over the picture's brightness: patches are squares, what is in them stays visible. */
function overlay({ image, rows, columns }: ReportAttention, map: Float32Array): string {
  const { channels, height, width } = image;
  const plane = height * width;
  const pixels = decode(image.pixels);
  const largest = map.reduce((most, weight) => Math.max(most, weight), 0) || 1;
  const out = new Uint8Array(plane * 3);
  for (let at = 0; at < plane; at++) {
    const [y, x] = [Math.floor(at / width), at % width];
    const patch = Math.floor((y * rows) / height) * columns + Math.floor((x * columns) / width);
    let light = 0;
    for (let c = 0; c < channels; c++) light += pixels[c * plane + at]! / channels;
    const colour = colourMaps.viridis(map[patch]! / largest);
    for (let c = 0; c < 3; c++) out[at * 3 + c] = Math.round(0.7 * colour[c]! + 0.3 * light);
  }
  return pngDataUri(out, width, height);
}

/** [channel][pixel] to [pixel][colour]: one grey channel, or the first three as red, green and blue. */
function interleaved(bytes: Uint8Array, channels: number, plane: number): Uint8Array {
  if (channels < 3) return bytes.subarray(0, plane);
  return Uint8Array.from({ length: plane * 3 }, (_, i) => bytes[(i % 3) * plane + Math.floor(i / 3)]!);
}
