/** @file A curve as small as a word, with its last number. */

import { formatNumber } from "../../src/chart/index.ts";
import type { SparkData } from "../sparks.ts";

const [WIDTH, HEIGHT] = [96, 26];

export function Spark({ values, ghost, label, last }: SparkData) {
  const all = [...values, ...(ghost ?? [])].filter((x): x is number => x !== null);
  if (all.length === 0) return null;
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const path = (line: readonly (number | null)[]): string => {
    let [d, isOn] = ["", false];
    line.forEach((x, i) => {
      if (x === null) isOn = false;
      else {
        const px = 2 + ((WIDTH - 4) * i) / Math.max(1, line.length - 1);
        const py = HEIGHT - 3 - ((HEIGHT - 6) * (x - low)) / (high - low || 1);
        d += `${isOn ? "L" : "M"}${px.toFixed(1)} ${py.toFixed(1)}`;
        isOn = true;
      }
    });
    return d;
  };
  return (
    <span class="spark">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} width={WIDTH} height={HEIGHT} role="img" aria-label={label}>
        {ghost && <path class="ghost" d={path(ghost)} />}
        <path d={path(values)} />
      </svg>
      <span class="number">{last === undefined ? "" : formatNumber(last)}</span>
    </span>
  );
}
