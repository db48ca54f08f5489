/** @file Inside a run that learned classes in groups: accuracies on each group after each. */

import { largestOf } from "../../base/extremes.ts";
import { type Figure, figure, heatMap } from "../../chart/index.ts";
import { freeCheckpoint } from "../../train/checkpoint.ts";
import { writeFindings } from "../findings.ts";
import { lastAndAverage, type Progression } from "../ictrl/tasks.ts";
import { openRunOf } from "../load-run.ts";
import type { InspectRun } from "../run-types.ts";
import { groupStateOf } from "./groups.ts";

/** What was noted of a comparison while it was learned. */
export const inspectIncremental: InspectRun = async (folder, options) => {
  const run = openRunOf(folder, options.checkpoint, ["incremental"], "inspecting a comparison");
  try {
    const { progression, bytes } = groupStateOf(run.checkpoint);
    const { last, average } = lastAndAverage(progression);
    const rows = progression.matrix.map((row, t) => ({
      "after group": t + 1,
      ...Object.fromEntries(row.map((share, s) => [`group ${s + 1}`, 100 * share])),
      seen: 100 * progression.seen[t]!,
    }));
    const numbers = { seen: 100 * last, average: 100 * average, memoryBytes: bytes };
    const parameters = [...run.checkpoint.model.values()].reduce((sum, tensor) => sum + tensor.numel, 0);
    const found = {
      ...{ model: { name: run.recipe.method.strategy, parameters }, samples: 0, numbers, rows },
      figures: new Map([["groups", groupFigure(progression)]]),
      notes: [
        "accuracies, in per cent, are those noted while training: later groups cannot be tested without having learned them",
        "layers and attention are left out: what is kept of a comparison is its table",
      ],
    };
    return writeFindings(folder, run, found, options);
  } finally {
    freeCheckpoint(run.checkpoint);
  }
};

/** Accuracy on each group of classes after each group that was learned. */
export function groupFigure({ matrix }: Progression): Figure {
  const columns = largestOf(matrix.map((row) => row.length));
  const values = matrix.flatMap((row) =>
    Array.from({ length: columns }, (_, s) => (s < row.length ? 100 * row[s]! : Number.NaN)),
  );
  const names = (length: number) => Array.from({ length }, (_, i) => String(i + 1));
  const chart = heatMap({
    ...{ rows: matrix.length, columns, values, min: 0, max: 100, annotate: true, label: "accuracy, %" },
    x: { label: "tested on group", names: names(columns) },
    y: { label: "after learning group", names: names(matrix.length) },
  });
  return figure({ title: "Accuracy on each group of classes as more are learned" }, chart);
}
