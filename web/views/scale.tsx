/** @file The scale of a map: colours from 0 to the largest, with a mark. */

import { Heat } from "./heat.tsx";
import { percent } from "./letters.tsx";

const STEPS = Float32Array.from({ length: 64 }, (_, i) => 1 - i / 63);

export function Scale({ high, mark }: { high: number; mark: number }) {
  const at = high > 0 ? mark / high : 2;
  return (
    <div class="scale" role="img" aria-label={`Colours from 0 to ${percent(high)}; 1/n is ${percent(mark)}`}>
      <Heat values={STEPS} rows={64} columns={1} low={0} high={1} label="" />
      <span class="end high">{percent(high)}</span>
      {at <= 1 && (
        <span class="tick" style={{ bottom: `${100 * at}%` }}>
          1/n
        </span>
      )}
      {at > 0.12 && <span class="end low">0</span>}
    </div>
  );
}
