/** @file `vitrine inspect FILE IMAGES|TEXT`: the layers of a network from elsewhere, measured on images or on a text. */

import { readFileSync, statSync } from "node:fs";
import { basename } from "node:path";
import type { Size } from "../base/size.ts";
import { blockStarts, checkImageSet, imageSource, type Normalisation } from "../data/index.ts";
import { imagePaths } from "../evaluate/segment/index.ts";
import { inspectImages } from "../measure/inspect-images.ts";
import { describeModel, makeReport, type ReportParts } from "../measure/make-report.ts";
import { Meter } from "../measure/meter.ts";
import { reportTable } from "../measure/report-table.ts";
import { writeInspection } from "../method/findings.ts";
import { openLanguage, tokenizerBeside } from "../method/open-language.ts";
import { openFrom } from "../method/open-model.ts";
import type { Inspection } from "../method/run-types.ts";
import { formOf } from "../model/index.ts";
import { DataError, scope, type Tensor, tensor, UsageError } from "../tensor/index.ts";
import { readWeights, type Weights, weightsFile } from "../train/weights/read.ts";
import { recognise } from "../train/weights/recognise.ts";
import { type LanguageArchitecture, recogniseLanguage } from "../train/weights/recognise-names.ts";
import { attentionRows } from "./attention-rows.ts";
import { imageFor, inWords, preprocessingOf } from "./preprocess.ts";

export interface InspectDataOptions {
  /** Images or blocks of text that are measured, at most. */
  samples: number;
  /** Folder for report.json and figures/; nothing is written without it. */
  output?: string;
  /** Heads of the network; those that its settings or its published size tell. */
  heads?: number;
  /** The part of the file. */
  key?: string;
  /** Told what was read and what was assumed. */
  say?: (line: string) => void;
}

/**
 * Measures every layer of a network that was not trained here: rates, non-zeros, spectra, and attention on images.
 *
 * @param path a file of weights, a checkpoint or a run
 * @param data an image or a folder of images; of a language model a text
 * @throws {UsageError} no such files, or no network that ours can compute; {DataError} images or a text that cannot be read;
 *   {CheckpointError}; {DiskError}
 */
export async function inspectOnData(
  path: string,
  data: string,
  options: InspectDataOptions,
): Promise<Inspection> {
  if (statSync(data, { throwIfNoEntry: false }) === undefined)
    throw new UsageError(`${data}: nothing there; expected images, or a text for a language model`, {
      path: data,
    });
  using weights = readWeights(path, options.key);
  const language = recogniseLanguage(weights.tensors);
  if (language !== undefined) return onText(weights, language, path, data, options);
  return await onImages(weights, path, data, options);
}

async function onImages(weights: Weights, path: string, data: string, options: InspectDataOptions) {
  const { heads, samples, say = () => {} } = options;
  const found = recognise(weights.tensors, weights.model);
  const own = (weights.model?.imageSize as Size | undefined) ?? found?.imageSize ?? 224;
  const colours = found?.channels !== 1;
  const how = preprocessingOf(weightsFile(path), own, colours);
  const { normalise } = how;
  const opened = openFrom(weights, path, {
    ...{ size: how.size, ...(heads !== undefined && { heads }) },
    ...(normalise !== undefined && { normalise }),
  });
  using model = opened.model;
  for (const note of opened.notes) say(note);
  say(`${data}: ${inWords(how)}`);
  const all = imagePaths(data);
  const paths = all.slice(0, samples);
  if (paths.length < all.length)
    say(`${data}: the first ${paths.length} of ${all.length} images, by --samples`);
  const images: Uint8Array[] = [];
  for (const image of paths) images.push(await imageFor(image, how));
  const [height, width] = how.size;
  const set = checkImageSet({
    ...{ name: basename(data), count: paths.length, channels: how.channels, height, width },
    ...{ images: new Uint8Array(Buffer.concat(images)), classes: paths.map((image) => basename(image)) },
    labels: Int32Array.from(paths.keys()),
  });
  const { patch } = model.options;
  const measured = await inspectImages({
    ...{ before: null, after: { model }, source: imageSource(set), places: [...paths.keys()] },
    ...{ patch, normalise: opened.normalise },
  });
  const some = Math.min(paths.length, MOST_MAPS);
  const rows = scope(() => {
    const bytes = tensor(set.images.slice(0, (set.images.length / paths.length) * some), {
      shape: [some, how.channels, height, width],
    });
    return attentionRows(model, scaled(bytes, opened.normalise), false);
  });
  const about = { name: basename(data), unit: "images", classes: [...set.classes], count: all.length };
  return finished(
    path,
    { ...measured, model: describeModel(found?.name ?? "vit", model), samples: paths.length, rows },
    about,
    options,
  );
}

/** Samples whose attention is measured, the first ones: it takes a second pass. */
const MOST_MAPS = 32;
/** Tokens of a block at most: attention and spectra grow with its square. */
const MOST_TOKENS = 256;

/** Pixels as the model takes them. */
function scaled(bytes: Tensor, { mean, std }: Normalisation): Tensor {
  const constant = (values: readonly number[]) => tensor([...values]).reshape([1, values.length, 1, 1]);
  return bytes.to("float32").div(255).sub(constant(mean)).div(constant(std));
}

function onText(
  weights: Weights,
  found: LanguageArchitecture,
  path: string,
  data: string,
  options: InspectDataOptions,
): Inspection {
  const { heads, samples, say = () => {} } = options;
  const cutter = tokenizerBeside(weightsFile(path));
  const opened = openLanguage(weights, found, path, heads);
  using model = opened.model.eval();
  for (const note of opened.notes) say(note);
  const { before, after } = cutter;
  const tokens = cutter.encode(textIn(data));
  const over = tokens.find((token) => token >= found.vocabulary);
  if (over !== undefined)
    throw new DataError(
      `${path}: has ${found.vocabulary} tokens, but its tokenizer.json gives token ${over}; they do not belong together`,
      { path },
    );
  const length = Math.min(MOST_TOKENS, model.options.context);
  const inner = length - before.length - after.length;
  const starts = blockStarts(tokens.length, inner, inner, samples);
  if (starts.length === 0)
    throw new DataError(
      `${data}: has ${tokens.length} tokens, expected ${inner} or more, one block; take a longer text`,
      { path: data },
    );
  const around =
    before.length + after.length > 0 ? ", of which the first and the last are [CLS] and [SEP]" : "";
  say(`${data}: ${tokens.length} tokens, ${starts.length} blocks of ${length}${around}`);
  const rows = starts.flatMap((start) => [...before, ...tokens.subarray(start, start + inner), ...after]);
  using blocks = tensor(BigInt64Array.from(rows, BigInt), { shape: [starts.length, length] });
  const meter = new Meter({ model });
  meter.add(blocks);
  const some = Math.min(starts.length, MOST_MAPS);
  const measured = {
    model: describeModel(found.family, model),
    samples: starts.length,
    layers: { before: null, after: meter.measures(), settings: meter.settings },
    rows: scope(() =>
      attentionRows(model, blocks.narrow(0, 0, some), formOf(found.family, "language").causal),
    ),
  };
  return finished(
    path,
    measured,
    { name: basename(data), unit: `blocks of ${length} tokens`, classes: [] },
    options,
  );
}

/** A text file as UTF-8. @throws {DataError} it is none */
function textIn(path: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(path));
  } catch (cause) {
    throw new DataError(`${path}: expected a text in UTF-8 for a language model`, { path, cause });
  }
}

type Measured = Pick<
  ReportParts,
  "model" | "samples" | "numbers" | "rows" | "layers" | "attention" | "notes"
>;

function finished(
  path: string,
  { notes = [], rows = [], ...measured }: Measured,
  about: Omit<NonNullable<ReportParts["data"]>, "split">,
  { output }: InspectDataOptions,
): Inspection {
  const spread =
    rows.length > 0
      ? [`attention of the layers: of the first ${Math.min(measured.samples, MOST_MAPS)} samples`]
      : [];
  const parts: ReportParts = {
    ...{ name: basename(path), data: { split: "test", ...about } },
    ...{ ...measured, rows, notes: [...notes, ...spread] },
  };
  if (output !== undefined) return writeInspection(parts, output);
  const report = makeReport(parts);
  return { report, table: reportTable(report), figures: [] };
}
