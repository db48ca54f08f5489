/** @file One number of this picture, beside where it lies for the test images. */

import type { ComponentChildren } from "preact";
import type { Band } from "../../src/graph/index.ts";

interface Props {
  name: ComponentChildren;
  value: number | undefined;
  unit: string;
  digits?: number;
  /** Mean and deviation over the images that `vitrine inspect` measured. */
  band?: Band | undefined;
}

const WIDTH = 84;

/** A track from mean − 4 σ to mean + 4 σ, longer where the number lies outside; the band is ± σ. */
export function Quantity({ name, value, unit, digits = 1, band }: Props) {
  return (
    <div class="quantity">
      <div>
        <span class="name">{name}</span>
        <span class="number">{value === undefined ? "–" : value.toFixed(digits)}</span>
        <span class="unit">{unit}</span>
      </div>
      {band && value !== undefined && <Track value={value} band={band} digits={digits} />}
    </div>
  );
}

function Track({ value, band: { mean, std }, digits }: { value: number; band: Band; digits: number }) {
  const reach = Math.max(4 * std, Math.abs(value - mean) * 1.15, 1e-9);
  const x = (at: number) => WIDTH * (0.5 + (0.5 * (at - mean)) / reach);
  const words = `${mean.toFixed(digits)} ± ${std.toFixed(digits)}`;
  return (
    <div class="track">
      <svg
        viewBox={`0 0 ${WIDTH} 12`}
        width={WIDTH}
        height={12}
        role="img"
        aria-label={`test images ${words}`}
      >
        <line class="rail" x1={0} x2={WIDTH} y1={6} y2={6} />
        <rect class="band" x={x(mean - std)} width={x(mean + std) - x(mean - std)} y={2} height={8} rx={2} />
        <line class="mean" x1={x(mean)} x2={x(mean)} y1={2} y2={10} />
        <circle class="now" cx={x(value)} cy={6} r={3.5} />
      </svg>
      <span class="note">{words}</span>
    </div>
  );
}
