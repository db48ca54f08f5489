/** @file Point markers: shapes that tell series apart without colour. */

import { el, num, type Svg } from "./svg.ts";

/** The shapes, in the order in which series take them. */
export const MARKERS = ["circle", "square", "triangle", "diamond"] as const;
export type MarkerShape = (typeof MARKERS)[number];

/** A marker with its middle at (x, y), about 7 px wide; hollow ones are smaller and show the paper inside. */
export function marker(shape: MarkerShape, x: number, y: number, tone: string, hollow = false): Svg {
  const outline = (dx: number, dy: number, points: string, size: number) =>
    shape === "circle"
      ? el("circle", { cx: x, cy: y, r: size, fill: "currentColor" })
      : el("path", { d: `M${num(x + dx)} ${num(y + dy)}${points}z`, fill: "currentColor" });
  const draw = (r: number) => {
    if (shape === "circle") return outline(0, 0, "", r);
    if (shape === "square") {
      const a = num(1.8 * r);
      return outline(-0.9 * r, -0.9 * r, `h${a}v${a}h-${a}`, r);
    }
    if (shape === "triangle")
      return outline(0, -1.2 * r, `l${num(1.2 * r)} ${num(2.1 * r)}h-${num(2.4 * r)}`, r);
    return outline(
      0,
      -1.3 * r,
      `l${num(1.3 * r)} ${num(1.3 * r)}l-${num(1.3 * r)} ${num(1.3 * r)}l-${num(1.3 * r)} -${num(1.3 * r)}`,
      r,
    );
  };
  // a ring of paper around the marker keeps it apart from the line it sits on
  const halo = el("g", { class: "v-paper" }, draw(hollow ? 4 : 4.6));
  const solid = el("g", { class: tone }, draw(hollow ? 3 : 3.5));
  return [halo, solid, hollow ? el("g", { class: "v-paper" }, draw(1.6)) : []];
}
