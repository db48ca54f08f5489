/** @file Inside a ReduNet: the staircase of its rates, layer by layer, and what the last one makes of the samples. */

import type { Figure } from "../../chart/index.ts";
import { scope, type Tensor, tensor } from "../../tensor/index.ts";
import { freeCheckpoint } from "../../train/checkpoint.ts";
import { readMetrics } from "../../train/metrics.ts";
import { writeFindings } from "../findings.ts";
import { curves, similarityOf } from "../inspect-features.ts";
import { openRunOf } from "../load-run.ts";
import type { InspectRun } from "../run-types.ts";
import { restoreReduNet } from "./run.ts";
import { samplesOf } from "./samples.ts";

/** Reads what was noted while building, and looks at the samples before and after the network. */
export const inspectRedunet: InspectRun = async (folder, options) => {
  const run = openRunOf(folder, options.checkpoint, ["redunet"], "inspecting a ReduNet");
  const { recipe, checkpoint } = run;
  try {
    using net = restoreReduNet(recipe, checkpoint);
    const { X, labels, classes } = await samplesOf(recipe, options.split);
    const figures = new Map<string, Figure>();
    const add = (name: string, made: Figure | undefined) => made && figures.set(name, made);
    add(
      "rates",
      curves(
        folder,
        {
          "train/R": "R",
          "train/RcPredicted": "Rᶜ, predicted labels",
          "train/RcTrue": "Rᶜ, true labels",
          "train/deltaR": "ΔR",
        },
        "Rates after each layer",
        "nats",
        "layer",
      ),
    );
    add(
      "accuracy",
      curves(
        folder,
        { "train/accuracy": "training samples" },
        "Share that each layer assigns right",
        "share",
        "layer",
      ),
    );
    scope(() => {
      const n = X.size(0);
      const rows = Math.min(options.samples, n);
      const at = Array.from({ length: rows }, (_, i) => Math.floor((i * n) / rows));
      const index = tensor(BigInt64Array.from(at, BigInt));
      const chosen = (values: Tensor) => values.indexSelect(0, index);
      const flat = (values: Tensor) => {
        const Z = values.reshape([values.size(0), -1]);
        return Z.div(Z.norm([1], true));
      };
      const given = { Z: flat(chosen(X)), labels: chosen(labels), classes };
      const after = flat(net.transform(chosen(X)));
      add(
        "similarity-before",
        similarityOf(given.Z, given.Z, given, "|cos| between samples, sorted by class"),
      );
      add(
        "similarity-after",
        similarityOf(after, after, given, "|cos| between features after the last layer"),
      );
    }, "inspect redunet");
    for (const tensor of [X, labels]) tensor.dispose();
    const rows = readMetrics(`${folder}/metrics.jsonl`)
      .filter((record) => typeof record["train/R"] === "number")
      .map((record) => ({
        layer: record.step as number,
        R: record["train/R"] as number,
        "Rᶜ predicted": record["train/RcPredicted"] as number,
        "Rᶜ true": record["train/RcTrue"] as number,
        ΔR: record["train/deltaR"] as number,
        accuracy: record["train/accuracy"] as number,
      }));
    const shown = rows.filter(
      (_, i) => i === 0 || i === rows.length - 1 || (i + 1) % Math.ceil(rows.length / 20) === 0,
    );
    const last = rows.at(-1);
    const numbers = last === undefined ? {} : { R: last.R, Rᶜ: last["Rᶜ predicted"], ΔR: last.ΔR };
    return writeFindings(folder, run, { numbers, rows: shown, figures }, options);
  } finally {
    freeCheckpoint(checkpoint);
  }
};
