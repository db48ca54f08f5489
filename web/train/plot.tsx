/** @file One chart of curves over steps, drawn by uPlot: the raw curve, the smoothed one over it, checkpoints below. */

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { formatNumber } from "../../src/chart/index.ts";
import type { CheckpointRow } from "../../src/studio/shapes.ts";
import { isDark } from "../scheme.ts";
import { drawCheckpoints } from "./checkpoint-ticks.ts";
import { smoothed } from "./smooth.ts";

export interface Line {
  readonly name: string;
  readonly step: readonly number[];
  readonly min: readonly (number | null)[];
  readonly max: readonly (number | null)[];
  readonly last: readonly (number | null)[];
  /** Place in the palette. */
  readonly tone: number;
}

export interface PlotProps {
  lines: readonly Line[];
  unit: string;
  isLog: boolean;
  /** Weight of what came before, in 0 … 1. */
  smooth: number;
  /** Steps at the ends of the axis. */
  range: readonly [number, number];
  checkpoints: readonly CheckpointRow[];
  /** A range that was dragged out; nothing to see the whole run again. */
  onRange?: (range?: readonly [number, number]) => void;
  /** Step under the crosshair. */
  onStep: (step: number | undefined) => void;
}

/** Columns that are asked for: as many as a chart has pixels. */
export const PX = 640;
const HEIGHT = 210;

/** So few points that each is drawn, and nothing is there to smooth. */
const isSparse = ({ last }: Pick<Line, "last">): boolean => last.filter((x) => x != null).length <= 30;

/** A colour of the page's style sheet. */
const colour = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name);
const faint = (hex: string, opacity: number) =>
  `${hex.trim()}${Math.round(opacity * 255)
    .toString(16)
    .padStart(2, "0")}`;

/** All steps in order, and each line's numbers at them: uPlot has one x for all. */
function aligned(lines: readonly Line[], smooth: number): uPlot.AlignedData {
  const tables = lines.map(({ step, min, max, last }) => {
    const columns = [max, min, last, isSparse({ last }) ? [] : smoothed(last, smooth)];
    return [step, ...columns.map((values) => Array.from(step, (_, i) => values[i] ?? null))];
  });
  const first = lines[0]?.step;
  if (lines.every(({ step }) => step === first))
    return [first ?? [], ...tables.flatMap((table) => table.slice(1))] as uPlot.AlignedData;
  return uPlot.join(tables as unknown as uPlot.AlignedData[]);
}

/** On a logarithmic axis what is not positive has no place. */
const positive = (data: uPlot.AlignedData): uPlot.AlignedData =>
  data.map((values, i) =>
    i === 0 ? values : Array.from(values as (number | null)[], (x) => (x != null && x > 0 ? x : null)),
  ) as uPlot.AlignedData;

function optionsOf(width: number, { lines, unit, isLog, smooth, ...props }: PlotProps): uPlot.Options {
  const axis: uPlot.Axis = {
    stroke: colour("--muted"),
    font: "11px system-ui, sans-serif",
    grid: { stroke: colour("--v-grid"), width: 1 },
    ticks: { show: false },
  };
  const numbers = (_: uPlot, values: (number | null)[]) =>
    values.map((x) => (x == null ? "" : formatNumber(x)));
  const four = lines.flatMap((line): uPlot.Series[] => {
    const strong = colour(`--v-s${line.tone % 7}`).trim();
    const isSmooth = smooth > 0 && !isSparse(line);
    const common = { points: { show: false }, spanGaps: true };
    const edge = { ...common, stroke: "transparent", width: 0 };
    const dots = { show: isSparse(line), size: 5, fill: strong, stroke: strong };
    return [
      edge,
      edge,
      { ...common, stroke: faint(strong, isSmooth ? 0.4 : 1), width: 1.5, points: dots },
      { ...common, stroke: strong, width: 2, show: isSmooth },
    ];
  });
  const bands = lines.map(({ tone }, i) => ({
    series: [4 * i + 1, 4 * i + 2] as [number, number],
    fill: faint(colour(`--v-s${tone % 7}`), 0.18),
  }));
  return {
    ...{
      width,
      height: HEIGHT,
      series: [{}, ...four],
      bands,
      legend: { show: false },
      padding: [8, 18, 0, 0],
    },
    scales: { x: { time: false, range: () => [...props.range] }, y: { distr: isLog ? 3 : 1 } },
    axes: [
      { ...axis, values: numbers, size: 30 },
      {
        ...axis,
        values: numbers,
        size: 52,
        label: unit,
        labelSize: 18,
        labelFont: "11px system-ui, sans-serif",
      },
    ],
    cursor: {
      sync: { key: "steps" },
      drag: { x: props.onRange !== undefined, y: false, setScale: false },
      points: { size: 6 },
    },
    hooks: {
      setCursor: [
        (plot) => props.onStep(plot.cursor.idx == null ? undefined : plot.data[0][plot.cursor.idx]),
      ],
      setSelect: [
        (plot) => {
          const { left, width: wide } = plot.select;
          if (wide < 4) return;
          const range = [plot.posToVal(left, "x"), plot.posToVal(left + wide, "x")].map(Math.round);
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          if (range[0]! < range[1]!) props.onRange?.(range as [number, number]);
        },
      ],
      draw: [(plot) => drawCheckpoints(plot, props.checkpoints, colour("--accent"), colour("--muted"))],
    },
  };
}

export function Plot(props: PlotProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const now = useRef(props);
  now.current = props;
  const [width, setWidth] = useState(0);
  const { lines, isLog, smooth, checkpoints, range } = props;
  const dark = isDark.value;
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry!.contentRect.width)));
    observer.observe(place.current!);
    return () => observer.disconnect();
  }, []);
  const key = [
    lines.map((line) => `${line.name} ${line.tone} ${isSparse(line)}`).join(),
    isLog,
    smooth,
    dark,
    checkpoints.length,
  ].join();
  const dataOf = () => {
    const data = aligned(now.current.lines, now.current.smooth);
    return now.current.isLog ? positive(data) : data;
  };
  useLayoutEffect(() => {
    if (width === 0) return undefined;
    const options = optionsOf(width, {
      ...now.current,
      onStep: (step) => now.current.onStep(step),
      ...(now.current.onRange && { onRange: (wanted) => now.current.onRange?.(wanted) }),
    });
    // asked anew at each drawing: the run grows
    options.scales!.x!.range = () => [...now.current.range];
    const made = new uPlot(options, dataOf(), place.current!);
    made.over.ondblclick = () => now.current.onRange?.();
    plot.current = made;
    return () => {
      made.destroy();
      plot.current = undefined;
    };
  }, [key, width > 0]);
  useLayoutEffect(() => plot.current?.setData(dataOf()), [lines, range[0], range[1]]);
  useLayoutEffect(() => {
    if (width > 0) plot.current?.setSize({ width, height: HEIGHT });
  }, [width]);
  return <div ref={place} class="plot" aria-hidden="true" />;
}
