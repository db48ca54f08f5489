/** @file What the clusterings check before they begin. */

import { type Tensor, UsageError } from "../../tensor/index.ts";

/** @throws {UsageError} points that are not [n, d] and finite, clusters that are not 1 to n */
export function checkPoints(what: string, Z: Tensor, clusters: number): void {
  if (Z.dim !== 2 || Z.numel === 0)
    throw new UsageError(`${what}: expected points [n, d], got ${Z.describe()}`);
  checkClusters(what, clusters, Z.size(0));
  checkFinite(what, Z);
}

/** @throws {UsageError} clusters that are not a whole number from 1 to n */
export function checkClusters(what: string, clusters: number, n: number): void {
  if (!(Number.isInteger(clusters) && clusters >= 1 && clusters <= n))
    throw new UsageError(`${what}: expected clusters from 1 to the ${n} points, got ${clusters}`);
}

/** @throws {UsageError} NaN or infinity among the elements */
export function checkFinite(what: string, x: Tensor): void {
  using total = x.sum();
  if (Number.isFinite(total.item())) return;
  using each = x.isFinite();
  using all = each.all(); // a sum of finite numbers can overflow
  if (all.item() !== 1)
    throw new UsageError(`${what}: expected finite numbers, got NaN or infinity in ${x.describe()}`);
}
