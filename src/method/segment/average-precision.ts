/** @file Average precision as COCO counts it, of boxes or masks, without classes. */

/** One image: how sure each prediction is, and its overlap with each true object. */
export interface Judged {
  scores: readonly number[];
  /** overlaps[prediction][object]: intersection over union. */
  overlaps: readonly (readonly number[])[];
  /** True objects. */
  objects: number;
}

export interface AveragePrecision {
  /** Mean over the thresholds .50, .55, …, .95. */
  ap: number;
  ap50: number;
  ap75: number;
}

const THRESHOLDS = Array.from({ length: 10 }, (_, i) => (50 + 5 * i) / 100);
/** Predictions of an image that count, the surest. */
const MOST = 100;

/**
 * Average precision of predictions over a set of images. In each image the surest prediction comes first and takes the
 * object it overlaps most, of those that are left, if by the threshold or more. Precision is read at 101 recalls, as the
 * best at that recall or a higher one.
 *
 * @returns shares in 0 … 1; NaN where no image has an object
 */
export function averagePrecision(images: readonly Judged[]): AveragePrecision {
  const values = THRESHOLDS.map((threshold) => precisionAt(images, threshold));
  return {
    ap: values.reduce((sum, value) => sum + value, 0) / values.length,
    ap50: values[0]!,
    ap75: values[5]!,
  };
}

function precisionAt(images: readonly Judged[], threshold: number): number {
  const objects = images.reduce((sum, image) => sum + image.objects, 0);
  if (objects === 0) return Number.NaN;
  const hits = images
    .flatMap((image) => matched(image, threshold))
    .sort((a, b) => b.score - a.score)
    .map(({ hit }) => hit);
  let right = 0;
  const curve = hits.map((hit, i) => {
    if (hit) right++;
    return { recall: right / objects, precision: right / (i + 1) };
  });
  for (let i = curve.length - 2; i >= 0; i--)
    curve[i]!.precision = Math.max(curve[i]!.precision, curve[i + 1]!.precision);
  let sum = 0;
  for (let step = 0; step <= 100; step++)
    sum += curve.find(({ recall }) => recall >= step / 100)?.precision ?? 0;
  return sum / 101;
}

function matched({ scores, overlaps, objects }: Judged, threshold: number) {
  const taken = new Set<number>();
  const order = scores.map((score, at) => ({ score, at })).sort((a, b) => b.score - a.score);
  return order.slice(0, MOST).map(({ score, at }) => {
    let best = -1;
    for (let object = 0; object < objects; object++) {
      const overlap = overlaps[at]![object]!;
      if (taken.has(object) || overlap < threshold) continue;
      if (best < 0 || overlap >= overlaps[at]![best]!) best = object;
    }
    if (best >= 0) taken.add(best);
    return { score, hit: best >= 0 };
  });
}
