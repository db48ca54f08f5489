/** @file Measures a trained model beside its untrained self on samples of a data set, and makes the report. */

import { batches, type ImageSource, type Normalisation } from "../data/index.ts";
import type { DrawnClassifier } from "../model/index.ts";
import { noGrad, random, scope, type Tensor, UsageError } from "../tensor/index.ts";
import { classAttention } from "./attention.ts";
import { packImage, packMaps } from "./attention-maps.ts";
import { makeReport } from "./make-report.ts";
import { LayerMeter, type MeasureOptions } from "./measure.ts";
import type { Report, ReportAttention } from "./report-schema.ts";

export interface InspectionTask extends MeasureOptions {
  /** Name of the run, for the report. */
  run: string;
  modelName: string;
  /** Untrained weights of the same recipe and seed; null where they are not known. */
  before: DrawnClassifier | null;
  after: DrawnClassifier;
  source: ImageSource;
  split: "train" | "test";
  normalise: { name: string; constants: Normalisation };
  /** Side of the images the models take. */
  imageSize: number;
  checkpoint: Report["checkpoint"];
  /** Chooses the samples: the same for equal seeds. */
  seed: number;
  /** Images that are measured; all, where there are fewer. */
  samples: number;
  /** Images whose attention is kept: the first ones of different classes; 4. */
  shown?: number;
}

const BATCH = 64;

/**
 * The report of two models on the same images.
 * @throws {UsageError} for no samples, or options out of range; {DataError} when an image cannot be read
 */
export async function inspectModels(task: InspectionTask): Promise<Report> {
  const { before, after, source, samples, seed, shown = 4, normalise } = task;
  if (!(Number.isInteger(samples) && samples >= 1))
    throw new UsageError(`samples: expected a whole number of at least 1, got ${samples}`);
  const chosen = chooseSamples(source.count, samples, seed);
  const first = before && new LayerMeter(before, task);
  const last = new LayerMeter(after, task);
  const attention: ReportAttention[] = [];
  const labels: number[] = [];
  const part = picked(source, chosen);
  const options = { batchSize: BATCH, normalise: normalise.constants, imageSize: task.imageSize };
  for await (const { images, labels: given, indices } of batches(part, options)) {
    first?.add(images);
    last.add(images);
    given.numbers().forEach((label, i) => {
      labels.push(label);
      const seen = attention.some((other) => other.label === label);
      if (attention.length >= Math.min(shown, source.classes.length) || seen) return;
      const index = chosen[indices[i]!]!;
      attention.push(noGrad(() => scope(() => show(images.select(0, i), { ...task, index, label }))));
    });
  }
  return makeReport({
    run: task.run,
    modelName: task.modelName,
    model: after,
    data: {
      name: source.name,
      split: task.split,
      count: source.count,
      classes: [...source.classes],
      normalise: normalise.name,
    },
    checkpoint: task.checkpoint,
    seed,
    labels,
    before: first?.measures() ?? null,
    after: last.measures(),
    settings: last,
    attention,
  });
}

function show(
  image: Tensor,
  task: Pick<InspectionTask, "before" | "after" | "normalise"> & { index: number; label: number },
): ReportAttention {
  const { before, after, index, label } = task;
  const attended = classAttention(after, image);
  const untrained = before && scope(() => before.apply(image.unsqueeze(0)).argmax().item());
  return {
    index,
    label,
    prediction: { before: untrained, after: attended.prediction },
    image: packImage(image, task.normalise.constants),
    rows: attended.rows,
    columns: attended.columns,
    layers: packMaps(attended),
  };
}

/** Places of the samples in their set, in the order they are measured: without repetition, from the stream "inspect.samples". */
export function chooseSamples(count: number, samples: number, seed: number): Int32Array {
  using order = random(seed).at("inspect.samples").permutation(count);
  return Int32Array.from(order.numbers().slice(0, samples));
}

/** The source cut down to some of its images, in that order. */
function picked(source: ImageSource, indices: Int32Array): ImageSource {
  return {
    name: source.name,
    count: indices.length,
    channels: source.channels,
    height: source.height,
    width: source.width,
    classes: source.classes,
    labels: indices.map((index) => source.labels[index]!),
    load: (wanted) => source.load(Array.from(wanted, (i) => indices[i]!)),
    fingerprint: () => source.fingerprint(),
    close: () => source.close(),
  };
}
