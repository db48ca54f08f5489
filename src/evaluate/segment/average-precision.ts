/** @file Average precision as COCO counts it, of boxes or masks, without classes. */

/** One image: how sure each prediction is, and its overlap with each true object. */
export interface Judged {
  scores: readonly number[];
  /** overlaps[prediction][object]: intersection over union; with a crowd, over the prediction alone. */
  overlaps: readonly (readonly number[])[];
  /** True objects. */
  objects: readonly { area: number; crowd?: boolean | undefined }[];
  /** Pixels of each prediction. */
  areas: readonly number[];
}

export interface AveragePrecision {
  /** Mean over the thresholds .50, .55, …, .95. */
  ap: number;
  ap50: number;
  ap75: number;
  /** The same mean of objects of up to 32², up to 96² and more pixels; NaN where there are none. */
  small: number;
  medium: number;
  large: number;
}

type Range = readonly [least: number, most: number];

const THRESHOLDS = Array.from({ length: 10 }, (_, i) => (50 + 5 * i) / 100);
const ALL: Range = [0, 1e10];
const SIZES: Record<"small" | "medium" | "large", Range> = {
  small: [0, 32 ** 2],
  medium: [32 ** 2, 96 ** 2],
  large: [96 ** 2, 1e10],
};
/** Predictions of an image that count, the surest. */
const MOST = 100;

/**
 * Average precision of predictions over a set of images. In each image the surest prediction comes first and takes the
 * object it overlaps most, of those that are left, if by the threshold or more. Precision is read at 101 recalls, as the
 * best at that recall or a higher one. Crowds and objects of another size are not looked for, and predictions that meet
 * them count neither way.
 *
 * @returns shares in 0 … 1; NaN where no image has an object
 */
export function averagePrecision(images: readonly Judged[]): AveragePrecision {
  const values = (range: Range) => THRESHOLDS.map((threshold) => precisionAt(images, threshold, range));
  const mean = (all: readonly number[]) => all.reduce((sum, value) => sum + value, 0) / all.length;
  const all = values(ALL);
  const [small, medium, large] = [SIZES.small, SIZES.medium, SIZES.large].map((range) => mean(values(range)));
  return { ap: mean(all), ap50: all[0]!, ap75: all[5]!, small: small!, medium: medium!, large: large! };
}

const outside = (area: number, [least, most]: Range): boolean => area < least || area > most;

function precisionAt(images: readonly Judged[], threshold: number, range: Range): number {
  const matches = images.map((image) => matched(image, threshold, range));
  const objects = matches.reduce((sum, { looked }) => sum + looked, 0);
  if (objects === 0) return Number.NaN;
  const hits = matches
    .flatMap(({ found }) => found)
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

/** Which predictions of an image are right, those that count, and how many objects are looked for. */
function matched({ scores, overlaps, objects, areas }: Judged, threshold: number, range: Range) {
  const ignored = objects.map(({ area, crowd = false }) => crowd || outside(area, range));
  // objects that are looked for come first: a prediction takes another one only where it meets none of them
  const order = [...objects.keys()].sort((a, b) => Number(ignored[a]) - Number(ignored[b]));
  const taken = new Set<number>();
  const found = scores
    .map((score, at) => ({ score, at }))
    .sort((a, b) => b.score - a.score)
    .slice(0, MOST)
    .flatMap(({ score, at }) => {
      let best: number | undefined;
      let least = threshold;
      for (const object of order) {
        if (taken.has(object) && !objects[object]!.crowd) continue;
        if (best !== undefined && !ignored[best] && ignored[object]) break;
        const overlap = overlaps[at]![object]!;
        if (overlap < least) continue;
        [best, least] = [object, overlap];
      }
      if (best === undefined) return outside(areas[at]!, range) ? [] : [{ score, hit: false }];
      taken.add(best);
      return ignored[best] ? [] : [{ score, hit: true }];
    });
  return { found, looked: ignored.filter((one) => !one).length };
}
