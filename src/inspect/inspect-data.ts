/** @file `vitrine inspect FILE IMAGES|TEXT`: the layers of a network from elsewhere, measured on images or on a text. */

import { statSync } from "node:fs";
import type { Inspection } from "../method/run-types.ts";
import { UsageError } from "../tensor/index.ts";
import { readWeights } from "../train/weights/read.ts";
import { recogniseLanguage } from "../train/weights/recognise-names.ts";
import type { InspectDataOptions } from "./data-report.ts";
import { onImages } from "./inspect-pictures.ts";
import { onText } from "./inspect-text.ts";

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
