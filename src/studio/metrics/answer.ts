/** @file The answer to a question for a run's numbers: safetensors, a column for each pixel. */

import { serialiseSafetensors } from "../../tensor/safetensors.ts";
import type { Columns } from "./columns.ts";
import { pixelsOf } from "./pixels.ts";

export interface MetricsQuestion {
  /** All of them where it is not given. */
  names?: readonly string[] | undefined;
  from?: number | undefined;
  to?: number | undefined;
  pixels: number;
}

export function metricsAnswer(
  columns: Columns,
  question: MetricsQuestion,
  exact: boolean,
): Uint8Array<ArrayBuffer> {
  const names = question.names?.filter((name) => columns.byName.has(name)) ?? [...columns.byName.keys()];
  const chosen = new Map(names.map((name) => [name, columns.byName.get(name)!]));
  const { step, columns: drawn } = pixelsOf(chosen, question);
  const stored = (dtype: "float32" | "float64", values: Float32Array | Float64Array) => ({
    dtype,
    shape: [values.length],
    bytes: new Uint8Array(values.buffer),
  });
  const entries = [...drawn].flatMap(([name, { min, max, last }]) =>
    Object.entries({ min, max, last }).map(
      ([of, values]) => [`${name}.${of}`, stored("float32", values)] as const,
    ),
  );
  const { offset, rows, damaged } = columns;
  const facts = Object.entries({ offset, rows, damaged, exact }).map(
    ([key, value]) => [key, `${value}`] as const,
  );
  return new Uint8Array(Buffer.concat(serialiseSafetensors(new Map([["step", stored("float64", step)], ...entries]), new Map(facts)))); // biome-ignore format: short
}
