/** @file Features into a file. */

import { extname } from "node:path";
import { UsageError } from "../../base/errors.ts";
import { writeOutput } from "../../base/write-output.ts";
import { zipChunks } from "../../base/write-zip.ts";
import { saveTensors, scope, type Tensor, tensor } from "../../tensor/index.ts";
import { npyChunks } from "../formats/npy.ts";
import { parquetBytes } from "../formats/parquet/write.ts";
import type { Features } from "./features.ts";

/**
 * Replaces the file at `path` by these features, in the form that its ending says: .npy (features alone), .npz,
 * .safetensors, .parquet. The arrays are named "features" and "ys", as the authors of CPP have it; names of samples are
 * kept by .parquet.
 *
 * @throws {UsageError} another ending, labels not as many as features, labels for .npy
 * @throws {DiskError} the file cannot be written; the old one is as it was
 */
export function writeFeatures(path: string, given: Features): void {
  const { labels, names } = given;
  for (const [what, list] of Object.entries({ labels, names }))
    if (given.features.dim !== 2 || (list !== undefined && list.length !== given.features.size(0)))
      throw new UsageError(
        `write features: expected features [n, d] and n ${what}, got ${given.features.describe()} and ${list?.length}`,
      );
  scope(() => {
    const features = given.features.to("float32");
    const arrays = new Map<string, Tensor>([["features", features]]);
    if (labels !== undefined) arrays.set("ys", tensor(labels));
    const form = extname(path).toLowerCase();
    if (form === ".npy" && labels !== undefined)
      throw new UsageError(`write features: ${path} holds one array; choose .npz for features with labels`);
    if (form === ".npy") writeOutput(path, npyChunks(features));
    else if (form === ".npz")
      writeOutput(
        path,
        zipChunks(new Map([...arrays].map(([name, array]) => [`${name}.npy`, npyChunks(array)]))),
      );
    else if (form === ".safetensors") saveTensors(path, arrays);
    else if (form === ".parquet") writeOutput(path, [parquetBytes({ ...given, features })]);
    else
      throw new UsageError(
        `write features: expected a path that ends in .npy, .npz, .safetensors or .parquet, got ${path}`,
      );
  }, "write features");
}
