/** @file Measures a model of images beside its untrained self: layers, attention, accuracy. */

import type { Size } from "../base/size.ts";
import { batches, type ImageSource, type Normalisation } from "../data/index.ts";
import { noGrad, random, scope, type Tensor, UsageError } from "../tensor/index.ts";
import { classAttention } from "./attention.ts";
import { packImage, packMaps } from "./attention-maps.ts";
import { BothMeters } from "./both.ts";
import type { Subject } from "./layered.ts";
import type { MeasuredLayers } from "./make-report.ts";
import type { MeasureOptions } from "./meter.ts";
import type { ReportAttention } from "./report-schema.ts";

export interface ImageTask extends MeasureOptions {
  /** With untrained weights; null where they are not known. */
  before: Subject | null;
  after: Subject;
  /** The images to measure on. */
  source: ImageSource;
  /** Their places in the split. */
  places: ArrayLike<number>;
  /** Of pixels in 0 … 1; none when left out. */
  normalise?: Normalisation;
  /** Size that the models take, where it is not the images' own. */
  imageSize?: Size;
  /** Size of the models' patches, where they have some: attention is drawn. */
  patch?: Size | undefined;
  /** Outputs are logits of the classes. */
  classifier?: boolean;
  /** Batch normalisation by the statistics of the batch, as in training. */
  batchStatistics?: boolean;
  /** Images whose attention is kept: the first ones of different classes; 4. */
  shown?: number;
}

/** What was found; `numbers` are accuracies in per cent. */
export interface ImageFindings {
  layers: MeasuredLayers;
  attention?: ReportAttention[];
  numbers: { top1?: number; top1Untrained?: number };
  notes: string[];
}

const BATCH = 64;
/** A batch that is large enough for its statistics. */
const WHOLE = 500;

/** @throws {UsageError} options out of range; {DataError} an image cannot be read */
export async function inspectImages(task: ImageTask): Promise<ImageFindings> {
  const { before, after, source, normalise, imageSize, batchStatistics = false, shown = 4 } = task;
  for (const subject of [before, after]) subject?.model.train(batchStatistics);
  const meters = new BothMeters(task, task);
  const right = { before: 0, after: 0 };
  const attention: ReportAttention[] = [];
  const batch = {
    batchSize: Math.min(source.count, batchStatistics ? WHOLE : BATCH),
    dropLast: batchStatistics,
    ...(normalise && { normalise }),
    ...(imageSize !== undefined && { imageSize }),
  };
  for await (const { images, labels, indices } of batches(source, batch)) {
    const truth = labels.numbers();
    const at = { before: 0, after: 0 };
    meters.add(images, (output, which) => {
      if (!task.classifier) return;
      for (const found of output.argmax(-1).numbers()) if (found === truth[at[which]++]) right[which]++;
    });
    truth.forEach((label, i) => {
      const seen = attention.some((other) => other.label === label);
      if (attention.length >= Math.min(shown, source.classes.length) || seen) return;
      const index = task.places[indices[i]!]!;
      const drawn = noGrad(() => scope(() => lookAt(images.select(0, i), { ...task, index, label })));
      if (drawn !== undefined) attention.push(drawn);
    });
  }
  const percent = (count: number) => (100 * count) / source.count;
  const numbers: ImageFindings["numbers"] = {};
  if (task.classifier) numbers.top1 = percent(right.after);
  if (task.classifier && before !== null) numbers.top1Untrained = percent(right.before);
  const found = { layers: meters.layers(), numbers, notes: [] };
  return attention.length > 0 ? { ...found, attention } : { ...found, notes: [NO_ATTENTION] };
}

const NO_ATTENTION = "attention is left out: the model has no class token that attends to patches";

function lookAt(
  image: Tensor,
  task: ImageTask & { index: number; label: number },
): ReportAttention | undefined {
  const { before, after, index, label, patch, normalise } = task;
  const attended = patch === undefined ? undefined : classAttention(after, image, patch);
  if (attended === undefined) return undefined;
  const channels = image.size(0);
  const plain = { mean: new Array(channels).fill(0), std: new Array(channels).fill(1) };
  const { rows, columns } = attended;
  const found = {
    ...{ index, label, image: packImage(image, normalise ?? plain), rows, columns },
    layers: packMaps(attended),
  };
  if (!task.classifier) return found;
  const untrained = before && scope(() => before.model.apply(image.unsqueeze(0)).argmax().item());
  return { ...found, prediction: { before: untrained, after: attended.largest } };
}

/**
 * Places of samples in their set, in the order they are measured: without repetition, from the stream "inspect.samples"; all
 * where there are fewer. @throws {UsageError} less than one
 */
export function chooseSamples(count: number, samples: number, seed: number): Int32Array {
  if (!(Number.isInteger(samples) && samples >= 1))
    throw new UsageError(`samples: expected a whole number of at least 1, got ${samples}`);
  using order = random(seed).at("inspect.samples").permutation(count);
  return Int32Array.from(order.numbers().slice(0, samples));
}
