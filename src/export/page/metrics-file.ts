/** @file The numbers of a run's training as columns, for pages. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { serialiseSafetensors } from "../../tensor/safetensors.ts";
import { readMetrics } from "../../train/metrics.ts";
import type { Source } from "../open.ts";

/** Each name with its steps: `train/loss` and `train/loss.step`, float64; nothing where the run has no numbers. */
export function metricsFile({ run }: Source): Uint8Array[] | undefined {
  const path = run && join(run.folder, "metrics.jsonl");
  if (path === undefined || !existsSync(path)) return undefined;
  const columns = new Map<string, [step: number, value: number][]>();
  for (const record of readMetrics(path))
    for (const [name, value] of Object.entries(record)) {
      if (name === "step" || typeof value !== "number") continue;
      const known = columns.get(name);
      if (known === undefined) columns.set(name, [[record.step, value]]);
      else known.push([record.step, value]);
    }
  const stored = (values: readonly number[]) => ({
    dtype: "float64" as const,
    shape: [values.length],
    bytes: new Uint8Array(Float64Array.from(values).buffer),
  });
  const entries = [...columns].flatMap(([name, points]) => [
    [name, stored(points.map(([, value]) => value))] as const,
    [`${name}.step`, stored(points.map(([step]) => step))] as const,
  ]);
  return serialiseSafetensors(new Map(entries));
}
