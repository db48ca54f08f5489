/** @file What a row of probes says of the objectives, in words. */

import type { ProbeRow } from "../../src/studio/shapes.ts";

const counted = (values: readonly (number | null)[], isSo: (x: number) => boolean): [number, number] => {
  const known = values.filter((x): x is number => x !== null && Number.isFinite(x));
  return [known.filter(isSo).length, known.length];
};

/** Numbers of layers in which attention lowers Rᶜ: of tokens as they are, and of tokens of length 1. */
export function compresses({ rc, rcHalf, compressionUnit }: ProbeRow) {
  const falls = rcHalf.map((half, l) => (half === null || rc[l] == null ? null : rc[l] - half));
  return { raw: counted(falls, (x) => x > 0), unit: counted(compressionUnit, (x) => x > 0) };
}

/** Layers behind which fewer entries are not 0 than behind the one before. */
export const sparsifies = ({ nonZero }: ProbeRow) =>
  counted(
    nonZero.slice(1).map((share, l) => (share === null || nonZero[l] == null ? null : nonZero[l] - share)),
    (x) => x > 0,
  );

export const ofLayers = ([count, all]: readonly [number, number]): string => `${count} of ${all} layers`;

/** Rᶜ is defined where there are subspaces U. */
export const hasRates = ({ rc }: ProbeRow): boolean => rc.some((x) => x !== null);
