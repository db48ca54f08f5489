/** @file Figures as SVG and CSV: text in, text out, for the command line and for pages alike. */

export { type Cell, csv, type Table } from "../base/csv.ts";
export { type BarChartOptions, type BarSeries, barChart } from "./bar-chart.ts";
export {
  colourMaps,
  hex,
  isLight,
  orderedTone,
  pageStyle,
  type Tone,
  toneClass,
  withTheme,
} from "./colour.ts";
export { type ColourBarOptions, colourBar } from "./colour-bar.ts";
export {
  type Chart,
  type Drawing,
  drawing,
  type Figure,
  type FigureOptions,
  figure,
  type LegendItem,
} from "./figure.ts";
export { type HeatMapOptions, heatMap } from "./heat-map.ts";
export { type HistogramOptions, histogram, type Sample } from "./histogram.ts";
export { type GridImage, type ImageGridOptions, imageGrid } from "./image-grid.ts";
export { type LineChartOptions, type LineSeries, lineChart } from "./line-chart.ts";
export type { AxisOptions } from "./scale.ts";
export { type StaircaseOptions, type Stairs, staircase } from "./staircase.ts";
export { plain, type Svg, type SvgElement } from "./svg.ts";
export { formatNumber, type NumberFormat } from "./ticks.ts";
