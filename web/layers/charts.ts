/** @file The charts of the layers at one step of training; their axes are those of all steps. */

import { type Chart, lineChart, orderedTone, type Stairs, staircase } from "../../src/chart/index.ts";
import type { ProbeRow } from "../../src/studio/shapes.ts";

/** In, then between and behind the steps of each layer. */
export const stairsOf = ({ rc, rcHalf }: ProbeRow): Stairs => [
  rc[0] ?? null,
  ...rcHalf.flatMap((half, l) => [half, rc[l + 1] ?? null]),
];

const numbers = (values: readonly (number | null)[]): number[] => values.filter((x) => x !== null);
const untrained = (rows: readonly ProbeRow[], row: ProbeRow) =>
  rows[0]?.step === 0 && row.step > 0 ? rows[0] : undefined;

/** @param beside measured of another run, whose staircase stands on the same axis */
export function rateStairs(
  rows: readonly ProbeRow[],
  row: ProbeRow,
  beside: readonly ProbeRow[] = [],
  title?: string,
): Chart {
  const first = untrained(rows, row);
  return staircase({
    ...(title !== undefined && { title }),
    y: { label: "R^c (nats)" },
    steps: ["MSSA", "ISTA"],
    values: stairsOf(row),
    ...(first && { ghost: { name: "untrained", values: stairsOf(first) } }),
    reach: numbers([...rows, ...beside].flatMap(stairsOf)),
  });
}

interface ByLayer {
  readonly title: string;
  readonly label: string;
  readonly of: (row: ProbeRow) => readonly (number | null)[];
  readonly isShare?: boolean;
}

/** A measure over the layers: untrained and now, on the axis of all steps. */
export function byLayer(
  rows: readonly ProbeRow[],
  row: ProbeRow,
  { title, label, of, isShare }: ByLayer,
): Chart {
  const all = numbers(rows.flatMap(of));
  const [low, high] = [Math.min(...all, 0), Math.max(...all, 0)];
  const first = untrained(rows, row);
  return lineChart({
    title,
    x: { label: "layer" },
    y: {
      label,
      ...(isShare
        ? { format: "percent", min: 0, max: Math.min(1, high * 1.1) || 1 }
        : { min: low, max: high }),
    },
    series: [
      ...(first
        ? [{ name: "untrained", y: of(first), tone: "grey", stroke: "dashed", marker: "circle" } as const]
        : []),
      { name: `step ${row.step.toLocaleString("en")}`, y: of(row), tone: 0, marker: "circle" },
    ],
    height: 220,
  });
}

/** Rᶜ behind each layer over the steps of training. */
export function overTime(rows: readonly ProbeRow[], row: ProbeRow): Chart {
  const layers = row.rc.length - 1;
  const x = rows.map(({ step }) => step);
  return lineChart({
    title: "Over training",
    x: { label: "step" },
    y: { label: "R^c behind the layer (nats)" },
    series: Array.from({ length: layers }, (_, l) => ({
      name: `layer ${l + 1}`,
      x,
      y: rows.map(({ rc }) => rc[l + 1] ?? null),
      tone: orderedTone(l, layers),
      marker: rows.length > 30 ? ("none" as const) : ("circle" as const),
    })),
    height: 220,
  });
}
