/** @file Labels made wrong on purpose, to see what a method does with them. */

import { type Random, UsageError } from "../../tensor/index.ts";

/**
 * How labels are replaced. `uniform`, the authors' default, draws over all classes, so that 1/K of the replaced ones stay
 * right; `symmetric` draws over the other classes; `pairs` takes the next class; `cifar` takes the class that CIFAR-10
 * is confused with (truck → car, bird → plane, cat ↔ dog, deer → horse), others stay.
 */
export type Corruption = "uniform" | "symmetric" | "pairs" | "cifar";

const CIFAR: Record<number, number> = { 9: 1, 2: 0, 3: 5, 5: 3, 4: 7 };

/**
 * Labels of which a share is replaced: of all samples for `uniform`, of each class for the others.
 *
 * @param labels 0 ≤ label < classes
 * @param ratio share, 0 to 1, rounded down to whole samples
 * @throws {UsageError} a ratio outside 0 to 1; `cifar` for other than ten classes
 */
export function corruptLabels(
  labels: Int32Array,
  classes: number,
  { scheme = "uniform", ratio }: { scheme?: Corruption; ratio: number },
  random: Random,
): Int32Array {
  if (!(ratio >= 0 && ratio <= 1)) throw new UsageError(`corruption: expected 0 ≤ ratio ≤ 1, got ${ratio}`);
  if (scheme === "cifar" && classes !== 10)
    throw new UsageError(`corruption: "cifar" expects 10 classes, got ${classes}`);
  const result = Int32Array.from(labels);
  const drawn = random.at("labels");
  const replaced = (label: number): number => {
    if (scheme === "uniform") return Math.floor(drawn.number() * classes);
    if (scheme === "symmetric") return (label + 1 + Math.floor(drawn.number() * (classes - 1))) % classes;
    if (scheme === "pairs") return (label + 1) % classes;
    return CIFAR[label] ?? label;
  };
  const groups =
    scheme === "uniform"
      ? [Array.from(labels.keys())]
      : Array.from({ length: classes }, (_, k) => [...labels.keys()].filter((i) => labels[i] === k));
  for (const [g, group] of groups.entries()) {
    if (group.length === 0) continue;
    using order = random.at(`order.${g}`).permutation(group.length);
    for (const at of order.numbers().slice(0, Math.floor(ratio * group.length))) {
      const i = group[at]!;
      result[i] = replaced(labels[i]!);
    }
  }
  return result;
}
