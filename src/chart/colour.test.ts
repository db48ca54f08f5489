/** @file Colours: the maps hit their ends, are monotone in lightness, and the palette is told apart from its paper. */

import { expect, it } from "vitest";
import { colourMaps, hex, isLight, orderedTone, styleSheet, toneClass } from "./colour.ts";

it("viridis runs from dark violet to yellow, ever lighter", () => {
  expect(hex(colourMaps.viridis(0))).toBe("#440154");
  expect(hex(colourMaps.viridis(1))).toBe("#fde725");
  const light = Array.from({ length: 50 }, (_, i) => {
    const [r, g, b] = colourMaps.viridis(i / 49);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  });
  for (let i = 1; i < light.length; i++) expect(light[i]!).toBeGreaterThan(light[i - 1]!);
});

it("the diverging map is neutral at zero, grey is grey, and all stay in range", () => {
  const [r, g, b] = colourMaps.diverging(0.5);
  expect(Math.max(r, g, b) - Math.min(r, g, b)).toBe(0);
  expect(hex(colourMaps.grey(0.5))).toBe("#808080");
  expect(colourMaps.grey(7)).toEqual([255, 255, 255]);
  expect(colourMaps.viridis(-1)).toEqual(colourMaps.viridis(0));
  expect(isLight(colourMaps.viridis(1))).toBe(true);
  expect(isLight(colourMaps.viridis(0))).toBe(false);
});

it("every series stands out from the paper in both schemes", () => {
  const luminance = (colour: string) => {
    const linear = [1, 3, 5]
      .map((i) => Number.parseInt(colour.slice(i, i + 2), 16) / 255)
      .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * linear[0]! + 0.7152 * linear[1]! + 0.0722 * linear[2]!;
  };
  const schemes = [...styleSheet().matchAll(/\.v-figure\{(--[^}]*)\}/g)].map(([, text]) => text!);
  expect(schemes).toHaveLength(2);
  for (const scheme of schemes) {
    const colours = new Map(
      [...scheme.matchAll(/--v-(\w+):(#\w{6})/g)].map(([, name, colour]) => [name!, luminance(colour!)]),
    );
    for (const [name, value] of colours) {
      const [low, high] = [value, colours.get("paper")!].sort((a, b) => a - b);
      const least = name === "ink" ? 12 : name === "muted" ? 4.5 : /^[so]\d|grey/.test(name) ? 3 : 1;
      expect((high! + 0.05) / (low! + 0.05), name).toBeGreaterThanOrEqual(least);
    }
  }
});

it("the palette repeats after seven", () => {
  expect(toneClass(8)).toBe("v-s1");
  expect(toneClass("grey")).toBe("v-grey");
  expect([0, 1, 2].map((i) => toneClass(orderedTone(i, 3)))).toEqual(["v-o0", "v-o2", "v-o4"]);
});
