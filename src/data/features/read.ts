/** @file Features from a file or a folder of images, whatever its form. */

import { statSync } from "node:fs";
import { extname } from "node:path";
import { CheckpointError, DataError, UsageError } from "../../base/errors.ts";
import { loadTensors, scope, type Tensor } from "../../tensor/index.ts";
import { readWhole } from "../../tensor/tensor-file.ts";
import { parseNpy } from "../formats/npy.ts";
import { openNpz } from "../formats/npz.ts";
import { readParquet } from "../formats/parquet/read.ts";
import { encodeFolder } from "./encode-folder.ts";
import type { OnnxEncoderOptions } from "./encoder.ts";
import { type ArrayNames, checkFeatures, chooseNames, type Features } from "./features.ts";
import { torchArrays } from "./torch.ts";

export interface ReadFeaturesOptions extends ArrayNames {
  /** The model that makes features of images; needed for a folder. */
  encoder?: OnnxEncoderOptions;
}

/**
 * Features [n, d], and labels where there are: from .npy, .npz, .safetensors, .parquet, .pt or .pth, or from a folder of
 * images through an encoder. Rows keep their order; they are not normalised.
 *
 * @throws {DataError} a file that is missing, damaged or of another form; arrays that are not there or do not fit; NaN or
 *   infinity, naming the row
 * @throws {UsageError} another ending, a folder without an encoder
 * @example const { features, labels } = await readFeatures("clip-cifar10.npz");
 */
export async function readFeatures(path: string, options: ReadFeaturesOptions = {}): Promise<Features> {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) throw new DataError(`${path} is missing`, { path });
  if (found.isDirectory()) {
    if (options.encoder !== undefined) return encodeFolder(path, options.encoder);
    throw new UsageError(
      `${path} is a folder: expected an encoder, an ONNX model, to make features of its images`,
    );
  }
  const form = extname(path).toLowerCase();
  if (form === ".parquet") return readParquet(path, options);
  return scope(() => {
    if (form === ".npy") return checkFeatures(path, parseNpy(bytesOf(path), path));
    if (form === ".npz") return ofArrays(path, npzMembers(path), options);
    if (form === ".safetensors") {
      const { tensors } = asData(() => loadTensors(path));
      return ofArrays(path, new Map([...tensors].map(([name, x]) => [name, () => x])), options);
    }
    if (form === ".pt" || form === ".pth") {
      const arrays = asData(() => torchArrays(readWhole(path), path));
      return ofArrays(path, arrays, options);
    }
    throw new UsageError(
      `${path}: expected a folder or a file that ends in .npy, .npz, .safetensors, .parquet, .pt or .pth, got ${form || "no ending"}`,
    );
  }, "read features");
}

/** Only the arrays that are needed are read. */
function ofArrays(path: string, arrays: ReadonlyMap<string, () => Tensor>, given: ArrayNames): Features {
  const chosen = chooseNames([...arrays.keys()], given, path);
  const labels = chosen.labels === undefined ? undefined : arrays.get(chosen.labels)!();
  return checkFeatures(path, arrays.get(chosen.features)!(), labels);
}

function npzMembers(path: string): Map<string, () => Tensor> {
  const members = [...openNpz(bytesOf(path), path)].filter(([name]) => name.endsWith(".npy"));
  return new Map(
    members.map(([name, read]) => [name.slice(0, -4), () => parseNpy(read(), `${path}, ${name}`)]),
  );
}

const bytesOf = (path: string): Uint8Array => asData(() => readWhole(path));

/** A file of features that cannot be read is no checkpoint. */
function asData<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error;
    throw new DataError(
      error.message,
      error.path === undefined ? { cause: error } : { path: error.path, cause: error },
    );
  }
}
