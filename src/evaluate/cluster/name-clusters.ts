/** @file Names for clusters by votes of their images, in a space that images and texts share. */

import { largestOf } from "../../base/extremes.ts";
import { byCodePoint } from "../../base/file-names.ts";
import { toSphere } from "../../nn/index.ts";
import { DataError, noGrad, scope, type Tensor, tensor, UsageError } from "../../tensor/index.ts";
import { checkFeatureSet } from "../feature-set.ts";

export interface NamedCluster {
  cluster: number;
  /** Images in it. */
  count: number;
  /** The name with the most votes; undefined for a cluster without images. */
  name: string | undefined;
  /** The names with the most votes, falling; equal ones in the order of the names. */
  votes: { name: string; votes: number }[];
}

export interface NamingInputs {
  /** Cluster of each image, int64 [n] */
  assigned: Tensor;
  /** Features of the images by the image tower, not by a head, [n, d]; of any length */
  images: Tensor;
  /** Features of "a photo of a {name}" by the text tower, [m, d]; of any length */
  texts: Tensor;
  /** m names */
  names: readonly string[];
}

export interface NamingOptions {
  /** Names that an image votes for; 5 unless given, m at most. */
  top?: number;
  /** Factor on cosines before the softmax over names; 100 unless given. */
  scale?: number;
  /** Names kept for each cluster; 3 unless given. */
  kept?: number;
}

/** Names of several lists, each once, in alphabetical order, so that ties do not depend on the lists' order. */
export const candidateNames = (...lists: readonly (readonly string[])[]): string[] =>
  [...new Set(lists.flat().map((name) => name.trim()))].filter((name) => name !== "").sort(byCodePoint);

/**
 * Each image gives its most likely names their probabilities, p = softmax(scale · x̂ᵀt); a cluster has the name with the
 * largest sum over its images.
 *
 * @throws {DataError} features that are not finite, of two dimensions, or of other counts than clusters and names
 * @see Chu et al. 2024, naming clusters
 */
export function nameClusters(inputs: NamingInputs, options: NamingOptions = {}): NamedCluster[] {
  const { images, texts, names } = inputs;
  checkFeatureSet(images, inputs.assigned);
  checkFeatureSet(texts);
  if (texts.size(0) !== names.length)
    throw new DataError(`names: expected one for each of ${texts.size(0)} texts, got ${names.length}`);
  if (texts.size(1) !== images.size(1))
    throw new DataError(
      `names: expected images and texts in one space, got ${images.describe()} and ${texts.describe()}`,
    );
  const { top = 5, scale = 100, kept = 3 } = options;
  return noGrad(() =>
    scope(() => {
      const [X, T] = [toSphere(images), toSphere(texts)];
      return membersOf(inputs.assigned.numbers()).map((members, cluster) =>
        scope(() => {
          if (members.length === 0) return { cluster, count: 0, name: undefined, votes: [] };
          const own = X.indexSelect(0, tensor(Int32Array.from(members), { device: X.device }));
          const p = own.matmul(T.T).mul(scale).softmax(1); //                     [members, m]
          const votes = summed(p.topk(Math.min(top, names.length), 1), names.length);
          const order = [...votes.keys()].sort((a, b) => votes[b]! - votes[a]! || a - b).slice(0, kept);
          const found = order.map((i) => ({ name: names[i]!, votes: votes[i]! }));
          return { cluster, count: members.length, name: found[0]?.name, votes: found };
        }, "votes"),
      );
    }, "name clusters"),
  );
}

/** Images of each cluster, from 0 to the largest number there is. */
function membersOf(assigned: readonly number[]): number[][] {
  const members: number[][] = Array.from({ length: largestOf(assigned) + 1 }, () => []);
  assigned.forEach((cluster, i) => {
    const list = members[cluster];
    if (list === undefined)
      throw new DataError(`names: expected clusters from 0 on, got ${cluster} for image ${i}`);
    list.push(i);
  });
  return members;
}

/** Sum of the values that name each of m entries. */
function summed([values, indices]: [Tensor, Tensor], m: number): Float64Array {
  const sums = new Float64Array(m);
  const shares = values.numbers();
  indices.numbers().forEach((index, at) => {
    sums[index]! += shares[at]!;
  });
  return sums;
}

/**
 * The features most like each query, by cosine.
 *
 * @param Z features of the images to search, [n, d]
 * @param queries [q, d]
 * @param k 1 to n
 * @returns rows of Z, int64 [q, k], and their cosines [q, k], falling
 * @throws {UsageError} another dimension, a k that is not 1 to n
 */
export function searchImages(Z: Tensor, queries: Tensor, k: number): { indices: Tensor; cosines: Tensor } {
  if (Z.dim !== 2 || queries.dim !== 2 || Z.size(1) !== queries.size(1))
    throw new UsageError(
      `search: expected features [n, d] and queries [q, d], got ${Z.describe()} and ${queries.describe()}`,
    );
  if (!(Number.isInteger(k) && k >= 1 && k <= Z.size(0)))
    throw new UsageError(`search: expected 1 to ${Z.size(0)} results, got ${k}`);
  return noGrad(() =>
    scope(() => {
      const [cosines, indices] = toSphere(queries).matmul(toSphere(Z).T).topk(k, 1);
      return { indices, cosines };
    }, "search images"),
  );
}
