/** @file Features of a run, or of a folder of images through an encoder, written to a file. */

import { type PixelType, readFeatures, type Split, writeFeatures } from "../data/index.ts";
import { UsageError } from "../tensor/index.ts";
import { runFeatures } from "./run-features.ts";

export interface ExportFeaturesOptions {
  output: string | undefined;
  checkpoint: string;
  split: Split;
  /** ONNX file for a folder of images. */
  encoder?: string;
  /** Its output, the side of its images and their element type, where the model leaves them open. */
  encoderOutput?: string;
  encoderSize?: number;
  encoderDtype?: PixelType;
}

/**
 * @returns how many features, and of which dimension
 * @throws {UsageError} no file named, no run in the folder; {DataError} images that cannot be read; {DiskError}
 */
export async function exportFeatures(
  source: string,
  { output, encoder, encoderOutput, encoderSize, encoderDtype, ...run }: ExportFeaturesOptions,
): Promise<[n: number, d: number]> {
  if (output === undefined)
    throw new UsageError("--output: missing, expected a .npy, .npz, .safetensors or .parquet file", {
      path: "--output",
    });
  if (encoder !== undefined) {
    const found = await readFeatures(source, {
      encoder: {
        path: encoder,
        ...(encoderOutput !== undefined && { output: encoderOutput }),
        ...(encoderSize !== undefined && { size: encoderSize }),
        ...(encoderDtype !== undefined && { dtype: encoderDtype }),
      },
    });
    using features = found.features;
    writeFeatures(output, found);
    return [features.size(0), features.size(1)];
  }
  if (encoderOutput !== undefined || encoderSize !== undefined || encoderDtype !== undefined)
    throw new UsageError(
      "--encoder: missing, expected an ONNX file; --encoder-output, --encoder-size and --encoder-dtype belong to it",
    );
  using found = await runFeatures(source, run);
  const labels = Int32Array.from(found.labels.numbers());
  writeFeatures(output, { features: found.Z, labels });
  return [found.Z.size(0), found.Z.size(1)];
}
