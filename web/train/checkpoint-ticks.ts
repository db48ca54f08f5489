/** @file Checkpoints along the foot of a chart: a triangle at each step that was saved, a filled one at the best. */

import type uPlot from "uplot";
import type { CheckpointRow } from "../../src/studio/shapes.ts";

export function drawCheckpoints(
  { ctx, bbox, valToPos, scales }: uPlot,
  checkpoints: readonly CheckpointRow[],
  best: string,
  other: string,
): void {
  const ratio = devicePixelRatio;
  const foot = bbox.top + bbox.height;
  const { min = 0, max = 0 } = scales.x as { min?: number; max?: number };
  ctx.save();
  for (const { step, isBest } of checkpoints) {
    if (step < min || step > max) continue;
    const x = valToPos(step, "x", true);
    const size = (isBest ? 5 : 4) * ratio;
    ctx.beginPath();
    ctx.moveTo(x, foot - 1.6 * size);
    ctx.lineTo(x + size, foot);
    ctx.lineTo(x - size, foot);
    ctx.closePath();
    ctx.lineWidth = ratio;
    ctx.strokeStyle = isBest ? best : other;
    ctx.fillStyle = best;
    ctx.stroke();
    if (isBest) ctx.fill();
  }
  ctx.restore();
}
