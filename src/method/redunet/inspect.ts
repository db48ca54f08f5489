/** @file Inside a ReduNet: the staircase of its rates, layer by layer, and what each layer makes of samples. */

import type { Figure } from "../../chart/index.ts";
import type { MeasuredLayers } from "../../measure/make-report.ts";
import { LayerMeter, measureSettings } from "../../measure/meter.ts";
import { noGrad, scope, type Tensor, tensor } from "../../tensor/index.ts";
import { freeCheckpoint } from "../../train/checkpoint.ts";
import { type MetricsRecord, readMetrics } from "../../train/metrics.ts";
import { writeFindings } from "../findings.ts";
import { curves, similarityOf } from "../inspect-features.ts";
import { openRunOf } from "../load-run.ts";
import type { InspectRun } from "../run-types.ts";
import { stepLayer } from "./layer.ts";
import { enter, type ReduNet } from "./redunet.ts";
import { restoreReduNet } from "./run.ts";
import { samplesOf } from "./samples.ts";

/** Samples [n, …] as rows of length 1. */
export const unitFeatures = (values: Tensor): Tensor => {
  const Z = values.reshape([values.size(0), -1]);
  return Z.div(Z.norm([1], true).clamp(1e-12));
};

/** Features after each layer, for as long as `see` runs: [n, d], rows of length 1. */
function eachLayer(net: ReduNet, X: Tensor, see: (Z: Tensor, l: number) => void): void {
  const { spectrum, layers, settings, kernel } = net;
  let V = enter(X, spectrum, kernel);
  layers.forEach((layer, l) => {
    V = scope(() => {
      const stepped = stepLayer(V, layer, spectrum, settings).V;
      see(unitFeatures(spectrum.inverse(stepped)), l);
      return stepped;
    }, "layer");
  });
}

/** The layers of a network that is built, not trained: there is none before it. */
function measured(net: ReduNet, X: Tensor, epsilon: number): MeasuredLayers {
  const settings = measureSettings({ epsilon });
  const meters = net.layers.map(() => new LayerMeter(settings));
  eachLayer(net, X, (values, l) => meters[l]!.add({ kind: "features", values }));
  const layers = meters.map((meter) => meter.measures(undefined));
  return { before: null, after: [{ name: "layers", layers }], settings };
}

/** Looks at some samples after every layer, and reads what was noted while building. */
export const inspectRedunet: InspectRun = async (folder, options) => {
  const run = openRunOf(folder, options.checkpoint, ["redunet"], "inspecting a ReduNet");
  const { recipe, checkpoint } = run;
  try {
    using net = restoreReduNet(recipe, checkpoint);
    const { X, labels, classes } = await samplesOf(recipe, options.split);
    try {
      const n = X.size(0);
      const samples = Math.min(options.samples, n);
      const figures = curveFigures(folder);
      const layers = noGrad(() =>
        scope(() => {
          const at = Array.from({ length: samples }, (_, i) => Math.floor((i * n) / samples));
          const index = tensor(BigInt64Array.from(at, BigInt));
          const chosen = X.indexSelect(0, index);
          const given = { Z: unitFeatures(chosen), labels: labels.indexSelect(0, index), classes };
          const after = unitFeatures(net.transform(chosen));
          const before = "|cos| between samples, sorted by class";
          figures.set("similarity-before", similarityOf(given.Z, given.Z, given, before));
          const last = "|cos| between features after the last layer";
          figures.set("similarity-after", similarityOf(after, after, given, last));
          return measured(net, chosen, recipe.method.epsilon);
        }, "inspect redunet"),
      );
      const rows = noted(folder);
      const last = rows.at(-1);
      const parameters = [...checkpoint.model.values()].reduce((sum, { numel }) => sum + numel, 0);
      const found = {
        ...{
          model: { name: "redunet", parameters, depth: net.layers.length },
          samples,
          layers,
          rows,
          figures,
        },
        data: { unit: "samples", count: n, classes: Array.from({ length: classes }, (_, k) => String(k)) },
        numbers: last === undefined ? {} : { R: last.R, Rᶜ: last["Rᶜ predicted"], ΔR: last.ΔR },
        notes: ["rates in the rows are those noted while building; attention is left out: there is none"],
      };
      return writeFindings(folder, run, found, options);
    } finally {
      for (const tensor of [X, labels]) tensor.dispose();
    }
  } finally {
    freeCheckpoint(checkpoint);
  }
};

function curveFigures(folder: string): Map<string, Figure> {
  const rates = {
    "train/R": "R",
    "train/RcPredicted": "Rᶜ, predicted labels",
    "train/RcTrue": "Rᶜ, true labels",
    "train/deltaR": "ΔR",
  };
  const right = { "train/top1": "training samples" };
  const drawn = {
    rates: curves(folder, rates, "Rates after each layer", "nats", "layer"),
    accuracy: curves(folder, right, "Training samples that each layer assigns right", "%", "layer"),
  };
  return new Map(Object.entries(drawn).flatMap(([name, made]) => (made === undefined ? [] : [[name, made]])));
}

/** Per cent that a layer assigns right; version 0.1 noted the share. */
const top1Of = (record: MetricsRecord): number =>
  (record["train/top1"] as number | undefined) ?? 100 * (record["train/accuracy"] as number);

/** Rates that were noted of each layer while it was built, nats; `top1` is the share that it assigns right, in per cent. */
export interface LayerNote {
  layer: number;
  R: number;
  Rc: number;
  RcTrue: number;
  deltaR: number;
  top1: number;
}

export const layerNotes = (folder: string): LayerNote[] =>
  readMetrics(`${folder}/metrics.jsonl`)
    .filter((record) => typeof record["train/R"] === "number")
    .map((record) => ({
      layer: record.step as number,
      R: record["train/R"] as number,
      Rc: record["train/RcPredicted"] as number,
      RcTrue: record["train/RcTrue"] as number,
      deltaR: record["train/deltaR"] as number,
      top1: top1Of(record),
    }));

/** The same as a report has it. */
const noted = (folder: string) =>
  layerNotes(folder).map(({ layer, R, Rc, RcTrue, deltaR, top1 }) => ({
    ...{ layer, R, "Rᶜ predicted": Rc, "Rᶜ true": RcTrue, ΔR: deltaR, accuracy: top1 },
  }));
