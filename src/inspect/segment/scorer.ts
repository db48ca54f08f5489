/** @file What segments are worth against true masks, over a set of images. */

import type { Interval } from "../../evaluate/metrics/index.ts";
import {
  averagePrecision,
  bestHeadIou,
  byClass,
  coverage,
  enlarge,
  type Judged,
  judge,
  type Look,
  largestEntries,
  largestMass,
  type Mask,
  type TrueMask,
} from "../../evaluate/segment/index.ts";
import {
  differenceIntervals,
  type Ious,
  type LayerIntervals,
  layerIntervals,
  type Resampling,
  type SeedIous,
} from "./intervals.ts";
import type { SegmentOptions } from "./options.ts";

/** Attention to a mask, as the options say. */
export const binariser =
  ({ rule = "mass", share = 0.6 }: SegmentOptions) =>
  (map: Float64Array): Uint8Array =>
    rule === "mass" ? largestMass(map, share) : largestEntries(map, share);

const percent = (value: number) => (Number.isNaN(value) ? "–" : (100 * value).toFixed(1)).padStart(6);
const layerName = (l: number) => `layer ${String(l + 1).padStart(2)}`;

/** Bootstrap, where it is asked for. */
const resamplingOf = ({ bootstrap, seed = 0 }: SegmentOptions): Resampling | undefined =>
  bootstrap === undefined ? undefined : { resamples: bootstrap, seed };

function intervalLines({ layers, best }: LayerIntervals): string[] {
  const row = (name: string, { value, low, high }: Interval) =>
    `${name}  ${percent(value)}  ${percent(low)} to ${percent(high)}`;
  return [...layers.map((interval, l) => row(layerName(l), interval)), row("best    ", best)];
}

/** How far a model is above another, both judged on the same images. */
export function differenceLines(
  models: SeedIous,
  others: SeedIous,
  names: readonly string[],
  options: SegmentOptions,
): string[] {
  const title = `mIoU above that of ${names.join(", ")}, points of %`;
  return [title, ...intervalLines(differenceIntervals(models, others, resamplingOf(options)!))];
}

/** Collects scores image by image. */
export function scorer(options: SegmentOptions) {
  const binary = binariser(options);
  /** ious[layer]: one per image. */
  const ious: number[][] = [];
  const boxes: Judged[] = [];
  const shapes: Judged[] = [];
  return {
    attention({ grid, maps }: Look, truth: readonly TrueMask[]): void {
      const objects = byClass(truth).map(({ mask }) => coverage(mask, grid));
      maps.forEach((heads, l) => {
        ious[l] ??= [];
        ious[l]!.push(bestHeadIou(heads.map(binary), objects));
      });
    },
    cuts(found: readonly Mask[], truth: readonly TrueMask[]): void {
      const { rows, columns } = truth[0]!.mask;
      const masks = found.map((mask) => enlarge(mask, rows, columns));
      // as CutLER: no prediction is surer than another
      const judged = judge(
        masks,
        truth,
        masks.map(() => 1),
      );
      boxes.push(judged.boxes);
      shapes.push(judged.masks);
    },
    /** mIoU's terms so far, by layer and image. */
    get ious(): Ious {
      return ious;
    },
    /** @param seeds scores of other seeds of the model, where there are some */
    lines(seeds: SeedIous = []): string[] {
      const mean = (values: readonly number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;
      const row = (name: string, images: readonly Judged[]) => {
        const { ap, ap50, ap75, small, medium, large } = averagePrecision(images);
        const sizes = `small ${percent(small)}  medium ${percent(medium)}  large ${percent(large)}`;
        return `${name}  AP50 ${percent(ap50)}  AP75 ${percent(ap75)}  AP ${percent(ap)}  ${sizes}`;
      };
      if (ious.length > 0) {
        const resampling = resamplingOf(options);
        const models = seeds.length === 0 ? "" : `, ${1 + seeds.length} models`;
        const title = `mIoU of the best head, % (${ious[0]!.length} images${models}`;
        if (resampling !== undefined)
          return [
            `${title}; 95 % of ${resampling.resamples} resamples of them are within)`,
            ...intervalLines(layerIntervals([ious, ...seeds], resampling)),
          ];
        return [`${title})`, ...ious.map((values, l) => `${layerName(l)}  ${percent(mean(values))}`)];
      }
      if (boxes.length > 0)
        return [`average precision, % (${boxes.length} images)`, row("boxes", boxes), row("masks", shapes)];
      return options.masks === undefined ? [] : [`${options.masks}: no masks of these images`];
    },
  };
}
