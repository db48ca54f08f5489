/** @file Gaussian mixtures on the circle and the sphere: the authors' toy sets. */

import { arange, cat, type Random, scope, type Tensor, tensor, UsageError } from "../../tensor/index.ts";

export interface Samples {
  /** [n, …] */
  X: Tensor;
  /** int64 [n] */
  labels: Tensor;
  classes: number;
}

const { PI, cos, sin } = Math;
const onCircle = (...angles: number[]): number[][] => angles.map((angle) => [cos(angle), sin(angle)]);
const raised = (centres: number[][]): number[][] => centres.map((centre) => [...centre, 1]);

/** Centres of the mixtures in the plane, sets 1 to 8. Set 8 has more classes than orthogonal lines: it must fail. */
const PLANE = [
  onCircle(0, PI / 2),
  onCircle(PI / 3, 0),
  onCircle(PI / 4, 0),
  onCircle((3 * PI) / 4, 0),
  onCircle((2 * PI) / 3, 0),
  onCircle((3 * PI) / 4, (4 * PI) / 3, 0),
  onCircle((3 * PI) / 4, (4 * PI) / 3, PI / 4),
  onCircle(PI / 6, PI / 2, (3 * PI) / 4, (5 * PI) / 4, (7 * PI) / 4, (3 * PI) / 2),
];

/** Centres in space, sets 1 to 3. The third centre of set 3 has a cosine twice, as in the authors' code. */
const SPACE = [
  [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  raised(onCircle(PI / 4, (2 * PI) / 3, PI)),
  raised([...onCircle(PI / 4, (2 * PI) / 3), [cos((5 * PI) / 6), cos((5 * PI) / 6)]]),
];

export interface MixtureOptions {
  /** Which set of centres: 1 to 8 in the plane, 1 to 3 in space. */
  set: number;
  perClass: number;
  /** Standard deviation around the centres before points are scaled to length 1; 0.1 when left out. */
  noise?: number;
}

/**
 * Points around the centres of a set, scaled to length 1, class after class.
 *
 * @param dimension 2 or 3
 * @returns X [classes · perClass, dimension]
 * @throws {UsageError} a set that is not there
 */
export function gaussianMixture(dimension: 2 | 3, options: MixtureOptions, random: Random): Samples {
  const sets = dimension === 2 ? PLANE : SPACE;
  const { set, perClass, noise = 0.1 } = options;
  const centres = sets[set - 1];
  if (centres === undefined)
    throw new UsageError(`gaussians: expected a set from 1 to ${sets.length} in ${dimension}-d, got ${set}`);
  return scope(() => {
    const count = centres.length;
    const middle = tensor(centres).unsqueeze(1); //                             [K, 1, d]
    const X = random.normal([count, perClass, dimension]).mul(noise).add(middle);
    const unit = X.div(X.norm([2], true)).reshape([count * perClass, dimension]);
    return { X: unit, labels: classLabels(count, perClass), classes: count };
  }, "gaussians");
}

/** 0 … 0 1 … 1 …: int64 [classes · perClass] */
export const classLabels = (classes: number, perClass: number): Tensor =>
  scope(() =>
    arange(classes)
      .unsqueeze(1)
      .expand([classes, perClass])
      .reshape([classes * perClass]),
  );

/** Every cyclic shift of samples by multiples of `stride`, `reach` to either side: X [n, C, …] → [(2·reach + 1)^dims · n, C, …]. */
export function cyclicShifts(X: Tensor, reach: number, stride: number): Tensor {
  const amounts = Array.from({ length: 2 * reach + 1 }, (_, i) => (i - reach) * stride);
  return scope(() => {
    let shifted = X;
    for (let dim = 2; dim < X.dim; dim++)
      shifted = cat(amounts.map((amount) => shifted.roll([amount], [dim])));
    return shifted;
  }, "shifts");
}
