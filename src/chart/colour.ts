/** @file Colours: a colour-blind-safe palette in light and dark, and maps from numbers to colours. */

/**
 * Name → [light, dark]. The series (s) are Okabe and Ito's palette, lightened for dark paper; the ordered ones (o) are
 * steps of viridis. Each stands out from its paper by 3:1 at least.
 */
const TOKENS = {
  paper: ["#ffffff", "#15181d"],
  ink: ["#1b1f24", "#e8eaed"],
  muted: ["#57606a", "#a3abb5"],
  axis: ["#8c959f", "#6e7681"],
  grid: ["#e6e9ed", "#2a2f37"],
  missing: ["#d0d4d9", "#3a4048"],
  grey: ["#868e97", "#8f98a3"],
  s0: ["#0072b2", "#4dabe8"],
  s1: ["#d55e00", "#f58b4c"],
  s2: ["#009e73", "#2fc79b"],
  s3: ["#b8558d", "#e39ac6"],
  s4: ["#b07d00", "#f0bc42"],
  s5: ["#2f93c9", "#9ad3f5"],
  s6: ["#1b1f24", "#e8eaed"],
  o0: ["#1f9e89", "#26828e"],
  o1: ["#26828e", "#1f9e89"],
  o2: ["#31688e", "#35b779"],
  o3: ["#3e4989", "#6ece58"],
  o4: ["#440154", "#b5de2b"],
} as const satisfies Record<string, readonly [string, string]>;

type Token = keyof typeof TOKENS;
const NAMES = Object.keys(TOKENS) as Token[];
const SERIES = NAMES.filter((name) => /^s\d/.test(name)).length;

/** Steps for series that have an order, such as layers. */
type Ordered = Extract<Token, `o${number}`>;
const ORDERED = NAMES.filter((name): name is Ordered => /^o\d/.test(name));

/** What a series is drawn in: a place in the palette, a step of an order, or grey for what is only there to compare with. */
export type Tone = number | Ordered | "grey";

/** The step of the i-th of `count` series in order, i from 0. */
export const orderedTone = (i: number, count: number): Tone =>
  ORDERED[count < 2 ? 0 : Math.round((i * (ORDERED.length - 1)) / (count - 1))]!;

/** The class that sets `currentColor` to a tone. The palette repeats after seven. */
export function toneClass(tone: Tone): string {
  return typeof tone === "string" ? `v-${tone}` : `v-s${tone % SERIES}`;
}

/**
 * The style sheet of every figure. Each colour is a custom property that the reader's colour scheme chooses and a page
 * may override (`--v-ink`, `--v-s0`, …); the literal before it is for viewers that know no custom properties.
 */
export function styleSheet(): string {
  const font =
    'font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,"DejaVu Sans",sans-serif';
  return (
    `.v-figure{${propertiesOf(0)};${font};font-variant-numeric:tabular-nums}` +
    `@media(prefers-color-scheme:dark){.v-figure{${propertiesOf(1)}}}` +
    `.v-figure text{fill:currentColor}${classes()}`
  );
}

const propertiesOf = (index: 0 | 1) => NAMES.map((name) => `--v-${name}:${TOKENS[name][index]}`).join(";");
const classes = () =>
  NAMES.map((name) => `.v-${name}{color:${TOKENS[name][0]};color:var(--v-${name})}`).join("");

/** The same for a page whose figures are elements of it, and whose reader may choose: `<html data-theme="dark">`. */
export function pageStyle(): string {
  return (
    `:root{${propertiesOf(0)}}` +
    `@media(prefers-color-scheme:dark){:root:not([data-theme=light]){${propertiesOf(1)}}}` +
    `:root[data-theme=dark]{${propertiesOf(1)}}` +
    `.v-figure text{fill:currentColor}${classes()}`
  );
}

/** The figure in one colour scheme, for renderers that know no custom properties (PNG) and for print. */
export function withTheme(svg: string, theme: "light" | "dark"): string {
  const index = theme === "light" ? 0 : 1;
  return svg
    .replace(/@media\(prefers-color-scheme:dark\)\{[^}]*\}\}/, "")
    .replace(/var\(--v-([a-z0-9]+)\)/g, (whole, name: string) =>
      Object.hasOwn(TOKENS, name) ? TOKENS[name as Token][index] : whole,
    );
}

/** A colour map: a number in [0, 1] to red, green and blue in 0 … 255. */
export type ColourMap = (unit: number) => readonly [number, number, number];

/** Viridis (Smith and van der Walt, 2015) at seventeen equal steps. */
const VIRIDIS =
  "440154 481668 472a7a 433d84 3d4e8a 355e8d 2e6d8e 287d8e 218c8d 1f9a8a 27ad81 44bf70 69cd5b 95d840 c0df25 e1e318 fde725";
/** Blue over near-white to red: for signed numbers around zero. */
const DIVERGING = "2166ac 4393c3 92c5de d1e5f0 f7f7f7 fddbc7 f4a582 d6604d b2182b";
const GREY = "000000 ffffff";

function mapOf(stops: string): ColourMap {
  const table = stops.split(" ").map((hex) => [0, 2, 4].map((i) => Number.parseInt(hex.slice(i, i + 2), 16)));
  return (unit) => {
    const at = Math.min(1, Math.max(0, unit)) * (table.length - 1);
    const low = Math.min(Math.floor(at), table.length - 2);
    const mix = (c: number) =>
      Math.round(table[low]![c]! + (at - low) * (table[low + 1]![c]! - table[low]![c]!));
    return [mix(0), mix(1), mix(2)];
  };
}

/** Colour maps by name. Viridis for amounts, diverging for signed numbers, grey for pictures. */
export const colourMaps = { viridis: mapOf(VIRIDIS), diverging: mapOf(DIVERGING), grey: mapOf(GREY) };

/** `#rrggbb` of three numbers in 0 … 255. */
export function hex([red, green, blue]: readonly [number, number, number]): string {
  return `#${((1 << 24) | (red << 16) | (green << 8) | blue).toString(16).slice(1)}`;
}

/** Whether dark text reads better than light text on this colour. */
export function isLight([red, green, blue]: readonly [number, number, number]): boolean {
  return 0.299 * red + 0.587 * green + 0.114 * blue > 140;
}
