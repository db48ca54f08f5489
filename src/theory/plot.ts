/** @file What a claim draws, as plain data: curves, bars and maps, with the expected beside the measured. */

/** The part a series plays: it sets how it is drawn (measured solid, expected dashed, a negative control dotted). */
export type Role = "measured" | "expected" | "control";

export interface PlotAxis {
  /** With the unit, where there is one. */
  label: string;
  scale?: "linear" | "log";
  min?: number;
  max?: number;
  format?: "number" | "percent";
}

export interface Curve {
  name: string;
  x: readonly number[];
  /** Null leaves a gap. */
  y: readonly (number | null)[];
  role?: Role;
  /** Place in the palette: curves that belong together share it. */
  tone?: number;
  marker?: "none";
}

export interface CurvesPanel {
  kind: "curves";
  title?: string;
  x: PlotAxis;
  y: PlotAxis;
  curves: readonly Curve[];
}

export interface BarsPanel {
  kind: "bars";
  title?: string;
  x: { label: string };
  y: PlotAxis;
  categories: readonly string[];
  series: readonly { name: string; values: readonly (number | null)[]; role?: Role }[];
}

export interface MapPanel {
  kind: "map";
  title?: string;
  x: { label: string; names: readonly string[] };
  y: { label: string; names: readonly string[] };
  /** Row by row; null leaves a cell grey. */
  values: readonly (number | null)[];
  /** What the colours mean. */
  label: string;
  min?: number;
  max?: number;
  colours?: "viridis" | "diverging";
  annotate?: boolean;
}

export type Panel = CurvesPanel | BarsPanel | MapPanel;

/** The figure of a claim; its title is the claim's. */
export interface Plot {
  /** Sizes and settings of the experiment. */
  subtitle: string;
  panels: readonly Panel[];
}

/** A horizontal line from the first to the last x: a bound or a value that is expected. */
export const level = (name: string, x: readonly number[], y: number): Curve =>
  expectedCurve(name, [x[0]!, x.at(-1)!], [y, y]);

/** A curve that is expected, in the ink of the text. */
export const expectedCurve = (name: string, x: readonly number[], y: readonly number[]): Curve => ({
  ...{ name, x, y },
  role: "expected",
  tone: INK,
  marker: "none",
});

/** The palette's place of the text's own colour. */
const INK = 6;
