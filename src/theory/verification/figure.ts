/** @file The figure of a claim: expected dashed, measured solid, negative controls dotted. */

import { barChart, type Chart, type Figure, figure, heatMap, lineChart } from "../../chart/index.ts";
import { MARKERS } from "../../chart/marker.ts";
import type { BarsPanel, CurvesPanel, MapPanel, Panel, Role } from "../plot.ts";
import type { Outcome } from "../verify.ts";

const STROKE = { measured: "solid", expected: "dashed", control: "dotted" } as const satisfies Record<
  Role,
  string
>;

/** What of an outcome is drawn. */
type Drawn = Pick<Outcome, "title" | "source" | "expected" | "measured" | "verdict" | "plot">;

/** The figure of a claim and its numbers. Its title is the claim, so that the verdict stands right below. */
export function claimFigure({ title, source, expected, measured, verdict, plot }: Drawn): Figure {
  const width = plot.panels.length > 1 ? 760 : 640;
  const description = `${title}. Expected: ${expected}. Measured: ${measured}. ${verdict} (${source}).`;
  const subtitle = `${verdict[0]!.toUpperCase()}${verdict.slice(1)}. ${plot.subtitle}`;
  return figure({ title, subtitle, description, width }, plot.panels.map(chart));
}

function chart(panel: Panel): Chart {
  if (panel.kind === "curves") return curves(panel);
  return panel.kind === "bars" ? bars(panel) : map(panel);
}

function curves({ kind, curves, ...axes }: CurvesPanel): Chart {
  const series = curves.map(({ role = "measured", ...curve }) => {
    // curves of one name are one series: runs of an experiment
    const place = curves.findIndex(({ name }) => name === curve.name);
    const shape = curve.y.length > 40 ? ("none" as const) : MARKERS[place % MARKERS.length]!;
    return { tone: place, marker: shape, ...curve, stroke: STROKE[role] };
  });
  return lineChart({ ...axes, series });
}

function bars({ kind, series, y, ...rest }: BarsPanel): Chart {
  const { label, max, format } = y;
  return barChart({
    ...rest,
    y: { label, ...(max !== undefined && { max }), ...(format && { format }) },
    series: series.map(({ role, ...one }) => ({
      ...one,
      ...(role === "expected" && { tone: "grey" as const }),
    })),
    showValues: true,
  });
}

function map({ kind, x, y, values, ...rest }: MapPanel): Chart {
  return heatMap({
    ...{ x, y, ...rest },
    rows: y.names.length,
    columns: x.names.length,
    values: values.map((value) => value ?? Number.NaN),
  });
}
