/** @file The curve of a setting: the mean of a number over its runs, between the least and the largest. */

import type { MetricsColumns } from "../../src/studio/shapes.ts";
import type { Line } from "../train/plot.tsx";

/** At every step at which a run has the number; a run that has it not there takes no part there. */
export function meanCurve(
  runs: readonly Pick<MetricsColumns, "step" | "columns">[],
  name: string,
): Pick<Line, "step" | "min" | "max" | "last"> {
  const at = new Map<number, number[]>();
  for (const { step, columns } of runs)
    for (const [i, value] of (columns[name]?.last ?? []).entries())
      if (!Number.isNaN(value)) at.set(step[i]!, [...(at.get(step[i]!) ?? []), value]);
  const steps = [...at.keys()].sort((a, b) => a - b);
  const of = (body: (values: readonly number[]) => number) => steps.map((step) => body(at.get(step)!));
  return {
    step: steps,
    min: of((values) => Math.min(...values)),
    max: of((values) => Math.max(...values)),
    last: of((values) => values.reduce((sum, x) => sum + x, 0) / values.length),
  };
}
