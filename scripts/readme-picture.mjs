/**
 * @file `node scripts/readme-picture.mjs RUN`: the picture of README.md from the report of a run that `vitrine inspect` has
 * measured; the run is by the recipe digits. README.md has the layer table of the same run.
 */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { figure, lineChart } from "../dist/chart/index.js";
import { readReport } from "../dist/measure/report.js";
import { root } from "./place.mjs";
import { stop } from "./run.mjs";

const [folder] = process.argv.slice(2);
if (folder === undefined) stop("expected a run folder: node scripts/readme-picture.mjs RUN");
const { layers } = readReport(join(folder, "report.json"));
const [{ before, after }] = layers;

const line = (name, stack, measure, style) => ({
  name,
  x: stack.map((_, l) => l + 1),
  y: stack.map((layer) => layer[measure].mean),
  low: stack.map((layer) => layer[measure].mean - layer[measure].std),
  high: stack.map((layer) => layer[measure].mean + layer[measure].std),
  marker: "circle",
  ...style,
});
const panel = (title, measure, y) =>
  lineChart({
    title,
    x: { label: "layer" },
    y,
    series: [
      line("before training", before, measure, { tone: "grey", stroke: "dashed" }),
      line("after training", after, measure, { tone: 0 }),
    ],
  });

const { svg } = figure(
  {
    title: "What each layer of a CRATE does to handwritten digits",
    subtitle: "256 test images; bands: ± one standard deviation",
    description:
      "Coding rate after MSSA and share of non-zeros after ISTA, per layer, before and after training.",
    width: 760,
  },
  [
    panel("Compress: coding rate R^c after MSSA", "authorsRate", { label: "R^c (nats)", zero: true }),
    panel("Sparsify: non-zeros after ISTA", "nonZero", {
      label: "share of entries",
      format: "percent",
      min: 0,
    }),
  ],
);
writeFileSync(join(root, "docs", "pictures", "digits-layers.svg"), svg);
