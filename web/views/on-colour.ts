/** @file Letters on a coloured ground. */

import { hex } from "../../src/chart/index.ts";

/** Relative luminance as WCAG has it. */
function luminance(rgb: readonly [number, number, number]): number {
  const [r, g, b] = rgb.map((each) => {
    const c = each / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}

/** The ground, and black or white, whichever has the higher contrast: at least 4.5 on every colour. */
export const onColour = (rgb: readonly [number, number, number]) => ({
  background: hex(rgb as [number, number, number]),
  color: luminance(rgb) > 0.179 ? "#000" : "#fff",
});
