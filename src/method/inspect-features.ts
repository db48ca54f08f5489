/** @file Features of a run's encoder: rates, spectra of each class, similarities. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Size } from "../base/size.ts";
import { type Figure, figure, lineChart } from "../chart/index.ts";
import { type ImageSource, type Split, sourceSubset } from "../data/index.ts";
import { scoreRates } from "../evaluate/feature-scores.ts";
import { rankOfEnergies } from "../evaluate/numerical-rank.ts";
import { chooseSamples } from "../measure/inspect-images.ts";
import { scope, type Tensor } from "../tensor/index.ts";
import { readMetrics } from "../train/metrics.ts";
import { type OfImages, openSplit } from "./build.ts";
import { spectrum } from "./ctrl/class-model.ts";
import { similarityFigure, spectraFigure } from "./ctrl/figures.ts";
import { type Similarity, similarity } from "./ctrl/pictures.ts";
import type { Players } from "./ctrl/players.ts";
import { measureStatistics } from "./ctrl/statistics.ts";

/** Features Z [n, d] with labels int64 [n], 0 ≤ label < classes. */
export interface Labelled {
  Z: Tensor;
  labels: Tensor;
  classes: number;
}

/** R, Rᶜ, ΔR, and how many directions hold 95 % of the energy. */
export function rateNumbers({ Z, labels, classes }: Labelled, epsilon: number, of = "Z") {
  const { rate, compression, reduction, rank } = scoreRates({ Z, labels }, classes, epsilon);
  return {
    [`R(${of})`]: rate,
    [`Rᶜ(${of})`]: compression,
    [`ΔR(${of})`]: reduction,
    [`rank of ${of} at 95 %`]: rank,
  };
}

/** Each class: how many samples, how many directions hold 95 % of its energy, its largest singular value. */
export function classRows({ Z, labels, classes }: Labelled, names: readonly string[]) {
  return classSpectra({ Z, labels, classes }).map((values, k) => {
    const energies = values.map((value) => value ** 2);
    const samples = labels.numbers().filter((label) => label === k).length;
    return { class: names[k] ?? String(k), samples, rank: rankOfEnergies(energies), largest: values[0] ?? 0 };
  });
}

/** Singular values of each class's centred features. */
export const classSpectra = ({ Z, labels, classes }: Labelled): number[][] =>
  Array.from({ length: classes }, (_, k) =>
    scope(() => {
      const rows = Z.index([labels.eq(k)]); //                                  [n_k, d]
      return rows.size(0) < 2 ? [] : spectrum(rows).numbers();
    }),
  );

/** |⟨zᵢ, ẑⱼ⟩|, rows and columns sorted by class. */
export function similarityOf(Z: Tensor, Zhat: Tensor, { labels, classes }: Labelled, title: string): Figure {
  const found: Similarity = similarity(Z, Zhat, labels, classes);
  try {
    return similarityFigure(found, title);
  } finally {
    found.values.dispose();
  }
}

export const spectraOf = (given: Labelled, title: string): Figure =>
  spectraFigure(classSpectra(given), title);

/** Numbers of metrics.jsonl over the steps, those that were written; nothing where none was. */
export function curves(
  folder: string,
  keys: Readonly<Record<string, string>>,
  title: string,
  unit: string,
  step = "step",
): Figure | undefined {
  const file = join(folder, "metrics.jsonl");
  const records = existsSync(file) ? readMetrics(file) : [];
  const series = Object.entries(keys).flatMap(([key, name]) => {
    const found = records.filter((record) => typeof record[key] === "number");
    if (found.length === 0) return [];
    return [
      {
        name,
        x: found.map((record) => record.step as number),
        y: found.map((record) => record[key] as number),
        marker: "none" as const,
      },
    ];
  });
  if (series.length === 0) return undefined;
  return figure({ title }, lineChart({ series, x: { label: step }, y: { label: unit } }));
}

/** Images to measure on, their places in the split, and what a report says of them. */
export interface ChosenImages {
  source: ImageSource;
  places: Int32Array;
  data: { count: number; classes: string[]; normalise?: string };
}

/** As many images of a split as the options say, chosen by the recipe's seed; the caller closes the source. */
export async function chosenImages(
  recipe: { data: OfImages["data"] & { normalise?: string }; seed: number },
  { split, samples }: { split: Split; samples: number },
  imageSize?: Size,
): Promise<ChosenImages> {
  const { data } = recipe;
  const source = await openSplitOf(recipe, split, imageSize);
  const places = chooseSamples(source.count, samples, recipe.seed);
  const about = { count: source.count, classes: [...source.classes] };
  const { normalise } = data;
  return {
    source: sourceSubset(source, places),
    places,
    data: normalise === undefined ? about : { ...about, normalise },
  };
}

/** As they are: whatever the model makes of them. */
const openSplitOf = (
  { data, seed }: Pick<OfImages, "data" | "seed">,
  split: Split,
  imageSize: Size | undefined,
): Promise<ImageSource> =>
  openSplit({ data, seed, model: imageSize === undefined ? {} : { imageSize } }, split);

/** `samples` images of a source, spread evenly over it. */
export async function someOf(
  recipe: Pick<OfImages, "data" | "seed">,
  split: Split,
  samples: number,
  imageSize?: Size,
): Promise<ImageSource> {
  const source = await openSplitOf(recipe, split, imageSize);
  const count = Math.min(samples, source.count);
  const indices = Int32Array.from({ length: count }, (_, i) => Math.floor((i * source.count) / count));
  return sourceSubset(source, indices);
}

/** The statistics that a closed loop's pictures are drawn with: see `measureStatistics`. */
export async function measureStatisticsOf(
  { nets }: Players,
  recipe: Pick<OfImages, "data" | "seed">,
  imageSize: number,
): Promise<void> {
  const source = await someOf(recipe, "train", 3000, imageSize);
  try {
    await measureStatistics(nets, source, { imageSize });
  } finally {
    await source.close();
  }
}
