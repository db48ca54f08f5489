/** @file Features in memory: what every reader gives, and the checks that all of them share. */

import { DataError } from "../../base/errors.ts";
import { scope, type Tensor } from "../../tensor/index.ts";

/** Features of n samples, with labels and names where the file has them. */
export interface Features {
  /** float32 [n, d] */
  features: Tensor;
  /** [n], from 0 on */
  labels?: Int32Array;
  /** [n], such as the paths of images */
  names?: readonly string[];
}

/** Names of the arrays, where they are not the usual ones. */
export interface ArrayNames {
  /** Of the features; "features", "embeddings", "x" or "Z", or the only array, when left out. */
  features?: string;
  /** Of the labels; "ys", "labels", "label" or "y" when left out. */
  labels?: string;
}

const FEATURES = ["features", "embeddings", "x", "Z"];
const LABELS = ["ys", "labels", "label", "y"];

/** The names that stand for features and for labels, among those that a file has. @throws {DataError} they are not there */
export function chooseNames(
  present: readonly string[],
  given: ArrayNames,
  path: string,
): { features: string; labels?: string } {
  const there = `it has ${present.map((name) => JSON.stringify(name)).join(", ") || "none"}`;
  const named = (role: "features" | "labels", usual: readonly string[]): string | undefined => {
    const name = given[role];
    if (name === undefined) return usual.find((candidate) => present.includes(candidate));
    if (present.includes(name)) return name;
    throw new DataError(`${path}: no array ${JSON.stringify(name)}; ${there}`, { path });
  };
  const features = named("features", FEATURES) ?? (present.length === 1 ? present[0] : undefined);
  if (features === undefined)
    throw new DataError(
      `${path}: no array of the usual names, ${FEATURES.join(", ")}; ${there}; name one with features: NAME`,
      { path },
    );
  const labels = named("labels", LABELS);
  return labels === undefined ? { features } : { features, labels };
}

/**
 * Features as float32 with their labels.
 *
 * @param x of any real dtype, [n, d]
 * @param labels whole numbers of any dtype, [n] or [n, 1]
 * @throws {DataError} another rank, no rows, complex numbers, NaN or infinity (naming the first row), labels that are not
 *   whole numbers from 0 on, or not as many as rows
 */
export function checkFeatures(path: string, x: Tensor, labels?: Tensor, names?: readonly string[]): Features {
  const fail = (what: string): never => {
    throw new DataError(`${path}: ${what}`, { path });
  };
  if (x.dim !== 2 || x.numel === 0 || x.dtype.startsWith("complex"))
    fail(`expected features [n, d] of real numbers, got ${x.describe()}`);
  const n = x.size(0);
  const features = scope(() => {
    const wide = x.to("float32").contiguous();
    const bad = wide.isFinite().not().to("float32").max([1]);
    if (bad.max().item() > 0) {
      const row = bad.argmax().item();
      fail(`NaN or infinity in row ${row} of ${n}; expected finite numbers of float32's range`);
    }
    return wide === x ? x.alias() : wide;
  }, "features");
  const own = labels === undefined ? undefined : checkLabels(labels, n, fail);
  return {
    features,
    ...(own === undefined ? {} : { labels: own }),
    ...(names === undefined ? {} : { names }),
  };
}

function checkLabels(labels: Tensor, n: number, fail: (what: string) => never): Int32Array {
  const column = labels.dim === 2 && labels.size(1) === 1;
  if (!(labels.dim === 1 || column) || labels.dtype.startsWith("complex"))
    fail(`expected labels [n], got ${labels.describe()}`);
  if (labels.size(0) !== n) fail(`${labels.size(0)} labels for ${n} features`);
  const values = labels.numbers();
  const wrong = values.findIndex((label) => !(Number.isInteger(label) && label >= 0 && label < 2 ** 31));
  if (wrong >= 0) fail(`label ${values[wrong]} in row ${wrong}, expected a whole number from 0 on`);
  return Int32Array.from(values);
}
