/** @file Points as columns of pixels: the least, the largest and the last of each. */

import type { MetricsColumns } from "../../src/studio/shapes.ts";
import type { Wanted } from "./source.ts";

export interface Points {
  readonly step: ArrayLike<number>;
  readonly value: ArrayLike<number>;
}

/** All points take part: a column has the least and the largest of those in it, whose steps are up to the column's. */
export function binned(
  points: ReadonlyMap<string, Points>,
  { names, from = -Infinity, to = Infinity, px }: Wanted,
): MetricsColumns {
  const wanted = [...points].filter(([name]) => names.length === 0 || names.includes(name));
  const steps = new Set<number>();
  for (const [, { step }] of wanted)
    for (let i = 0; i < step.length; i++) if (step[i]! >= from && step[i]! <= to) steps.add(step[i]!);
  const all = Float64Array.from(steps).sort();
  const width = Math.max(1, Math.ceil(all.length / Math.max(1, px)));
  const count = Math.ceil(all.length / width);
  const step = Float64Array.from(
    { length: count },
    (_, i) => all[Math.min(all.length, (i + 1) * width) - 1]!,
  );
  const place = new Map<number, number>();
  all.forEach((each, i) => void place.set(each, Math.floor(i / width)));
  const empty = () => new Float32Array(count).fill(Number.NaN);
  const columns = wanted.map(([name, { step, value }]) => {
    const [min, max, last] = [empty(), empty(), empty()];
    for (let i = 0; i < step.length; i++) {
      const at = place.get(step[i]!);
      const now = value[i]!;
      if (at === undefined || Number.isNaN(now)) continue;
      if (!(min[at]! <= now)) min[at] = now;
      if (!(max[at]! >= now)) max[at] = now;
      last[at] = now;
    }
    return [name, { min, max, last }] as const;
  });
  return { step, columns: Object.fromEntries(columns), offset: 0, rows: all.length, exact: true };
}
