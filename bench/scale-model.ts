/** @file What P processes cost: an all-reduce as latency and bandwidth, and a step as what its communication adds. */

import { bucketBytesOf } from "../src/tensor/index.ts";

/** Of a ring: each of its 2(P − 1) rounds takes α seconds and sends S/P bytes at β bytes a second. */
export interface Network {
  alpha: number;
  beta: number;
}

/** Seconds of an all-reduce of S bytes among P: 2(P − 1) α + 2 (P − 1)/P · S/β. */
export const allReduceSeconds = (P: number, S: number, { alpha, beta }: Network): number =>
  2 * (P - 1) * alpha + ((2 * (P - 1)) / P) * (S / beta);

/**
 * α and β of measured all-reduces, by least squares of relative errors.
 * @param measured bytes and seconds, of two sizes or more
 */
export function fitNetwork(P: number, measured: readonly (readonly [S: number, seconds: number])[]): Network {
  // t ≈ a + b S, each divided by its t
  let [aa, ab, bb, a, b] = [0, 0, 0, 0, 0];
  for (const [S, t] of measured) {
    const [u, v] = [1 / t, S / t];
    aa += u * u;
    ab += u * v;
    bb += v * v;
    a += u;
    b += v;
  }
  const determinant = aa * bb - ab * ab;
  const constant = (a * bb - b * ab) / determinant;
  const perByte = (b * aa - a * ab) / determinant;
  return { alpha: constant / (2 * (P - 1)), beta: (2 * (P - 1)) / P / perByte };
}

/** A step of one process: seconds forward, backward, and bytes of the buckets that its gradients are sent in. */
export interface StepParts {
  forward: number;
  backward: number;
  buckets: readonly number[];
}

/** Share of the backward pass that communication hides behind. */
const HIDES = 2 / 3;

/** T(P) = T_fwd + T_bwd + max(0, Σ buckets [2(P − 1)α + 2(P − 1)/P · S/β] − ⅔ T_bwd). */
export function stepSeconds(P: number, { forward, backward, buckets }: StepParts, network: Network): number {
  const sent = buckets.reduce((sum, S) => sum + allReduceSeconds(P, S, network), 0);
  return forward + backward + Math.max(0, sent - HIDES * backward);
}

/** How P processes send gradients of so many bytes: a first bucket of 1 MiB, then larger ones where there are many. */
export function bucketsOf(bytes: number, P: number): number[] {
  const buckets: number[] = [];
  for (let left = bytes; left > 0; left -= buckets.at(-1)!)
    buckets.push(Math.min(left, buckets.length === 0 ? 2 ** 20 : bucketBytesOf(P)));
  return buckets;
}
