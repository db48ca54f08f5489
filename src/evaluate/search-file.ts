/** @file The rows of a features file most similar to one of them. */

import { readFeatures } from "../data/index.ts";
import { scope, UsageError } from "../tensor/index.ts";
import { searchImages } from "./cluster/index.ts";

export interface FoundRow {
  row: number;
  cosine: number;
  /** Where the file has names. */
  name?: string;
}

/**
 * The `k` rows whose cosine with one row is largest, best first, without that row.
 * @param row counted from 0
 * @throws {UsageError} a row that the file does not have; {DataError} a file that is missing or damaged
 */
export async function searchFile(path: string, row: number, k: number): Promise<FoundRow[]> {
  const { features, names } = await readFeatures(path);
  using X = features;
  const n = X.size(0);
  if (!(Number.isInteger(row) && row >= 0 && row < n))
    throw new UsageError(`${path}: expected a row from 0 to ${n - 1}, received ${row}`, { path });
  return scope(() => {
    const query = X.narrow(0, row, 1);
    const { indices, cosines } = searchImages(X, query, Math.min(k + 1, n));
    const values = cosines.numbers();
    return indices
      .numbers()
      .map((found, i) => ({ row: found, cosine: values[i]!, ...(names && { name: names[found]! }) }))
      .filter((found) => found.row !== row)
      .slice(0, k);
  });
}
