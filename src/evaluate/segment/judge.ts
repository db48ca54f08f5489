/** @file Predicted masks against true ones, as boxes and as masks. */

import type { Judged } from "./average-precision.ts";
import type { TrueMask } from "./ground-truth.ts";
import { type Against, area, boxArea, boxIou, boxOf, type Mask, maskIou } from "./mask.ts";

/**
 * How each predicted mask of an image overlaps each true one. Empty masks are left out on both sides.
 *
 * @param masks of one size with the true ones
 * @param scores how sure each is
 * @throws {UsageError} masks of different sizes
 */
export function judge(
  masks: readonly Mask[],
  truth: readonly TrueMask[],
  scores: readonly number[],
): Record<"boxes" | "masks", Judged> {
  const filled = ({ cells }: Mask) => cells.includes(1);
  const kept = [...masks.keys()].filter((i) => filled(masks[i]!));
  const objects = truth
    .filter(({ mask }) => filled(mask))
    .map((one) => ({ ...one, area: one.area ?? area(one.mask) }));
  const by = <T>(
    of: (mask: Mask) => T,
    size: (shape: T) => number,
    iou: (a: T, b: T, against: Against) => number,
  ): Judged => {
    const shapes = kept.map((i) => of(masks[i]!));
    const there = objects.map(({ mask, crowd = false }) => ({ shape: of(mask), crowd }));
    return {
      ...{ scores: kept.map((i) => scores[i]!), objects, areas: shapes.map(size) },
      overlaps: shapes.map((one) =>
        there.map(({ shape, crowd }) => iou(one, shape, crowd ? "first" : "union")),
      ),
    };
  };
  return { boxes: by((mask) => boxOf(mask)!, boxArea, boxIou), masks: by((mask) => mask, area, maskIou) };
}
