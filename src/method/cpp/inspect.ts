/** @file Inside a clustering: memberships, their spectrum, the coding length by number of clusters. */

import { type Figure, figure, lineChart } from "../../chart/index.ts";
import { affinitySpectrum, edgesPerRow, spectralClustering } from "../../evaluate/cluster/index.ts";
import { rowsOf } from "../../evaluate/index.ts";
import { describeModel } from "../../measure/make-report.ts";
import { codingRate, membership } from "../../rate/index.ts";
import { random, scope, type Tensor } from "../../tensor/index.ts";
import { freeCheckpoint } from "../../train/checkpoint.ts";
import { writeFindings } from "../findings.ts";
import { curves, spectraOf } from "../inspect-features.ts";
import { openRunOf } from "../load-run.ts";
import type { InspectRun } from "../run-types.ts";
import { chooseClusters, headFeatures } from "./index.ts";
import { membershipFigure } from "./membership-figure.ts";
import { restoreHead } from "./run.ts";
import { openFeatures } from "./source.ts";

/** Measures the memberships of some points. */
export const inspectCpp: InspectRun = async (folder, options) => {
  const run = openRunOf(folder, options.checkpoint, ["cpp"], "inspecting a clustering");
  const { recipe, checkpoint } = run;
  try {
    using source = await openFeatures(recipe, options.split);
    using head = restoreHead(recipe, checkpoint);
    const { clusters, temperature, epsilon, counts } = recipe.method;
    const found = scope(() => {
      const n = source.X.size(0);
      const points = Math.min(options.samples, n);
      const chosen = Int32Array.from({ length: points }, (_, i) => Math.floor((i * n) / points));
      const { Z, C } = headFeatures(head, rowsOf(source.X, chosen));
      const Pi = membership(C, { temperature });
      const tried = counts.filter((count) => count < points);
      const cluster = {
        cluster: spectralClustering,
        random: random(recipe.seed).at("inspect"),
        epsilon,
      };
      const choice = chooseClusters(Z, Pi, { ...cluster, counts: tried });
      const assigned = chooseClusters(Z, Pi, { ...cluster, counts: [clusters] }).assigned;
      const labels = source.labels && rowsOf(source.labels, chosen);
      const eigenvalues = affinitySpectrum(Pi, Math.min(2 * clusters, points));
      const figures = new Map<string, Figure>([
        ["memberships", membershipFigure(Pi, assigned, "Memberships Π, sorted by cluster")],
        ["eigenvalues", eigenvalueFigure(eigenvalues, clusters)],
        ["coding-length", lengthFigure(choice.lengths)],
        [
          "spectra",
          spectraOf({ Z, labels: assigned, classes: clusters }, "Singular values of each cluster, centred"),
        ],
      ]);
      const training = curves(
        folder,
        { "train/expansion": "R(Z)", "train/compression": "Rᶜ(Z | Π)" },
        "Rates of the batches while training",
        "nats",
      );
      if (training !== undefined) figures.set("training", training);
      const numbers = {
        "R(Z)": codingRate(Z, { epsilon }).item(),
        "edges per row": edgesPerRow(Pi),
        [`gap after ${clusters} eigenvalues`]: eigenvalues[clusters - 1]! - (eigenvalues[clusters] ?? 0),
        "clusters by coding length": choice.clusters,
      };
      return {
        ...{ model: describeModel("cpp", head), samples: points, numbers, figures },
        data: { unit: "points", count: n, classes: [...(source.classes ?? [])] },
        rows: clusterRows(assigned, labels, clusters, source.classes),
        notes: ["layers and attention are left out: a head of linear maps on features has none"],
      };
    }, "inspect cpp");
    return writeFindings(folder, run, found, options);
  } finally {
    freeCheckpoint(checkpoint);
  }
};

/** Each cluster: how many points, and the label that most of them have. */
function clusterRows(
  assigned: Tensor,
  labels: Tensor | undefined,
  clusters: number,
  names?: readonly string[],
) {
  const of = assigned.numbers();
  const truth = labels?.numbers();
  return Array.from({ length: clusters }, (_, cluster) => {
    const members = [...of.keys()].filter((i) => of[i] === cluster);
    if (truth === undefined) return { cluster, points: members.length };
    const votes = new Map<number, number>();
    for (const i of members) votes.set(truth[i]!, (votes.get(truth[i]!) ?? 0) + 1);
    const [label, count] = [...votes].sort((a, b) => b[1] - a[1])[0] ?? [Number.NaN, 0];
    const name = names?.[label] ?? String(label);
    const share = (100 * count) / Math.max(members.length, 1);
    return { cluster, points: members.length, "most are": name, "of these, %": share };
  });
}

function eigenvalueFigure(values: readonly number[], clusters: number): Figure {
  const series = [{ name: "eigenvalue of Π, normalised", x: values.map((_, i) => i + 1), y: [...values] }];
  const title = `Eigenvalues of the memberships: a gap after ${clusters} says ${clusters} clusters`;
  return figure({ title }, lineChart({ series, x: { label: "number" }, y: { label: "eigenvalue" } }));
}

function lengthFigure(lengths: readonly { clusters: number; length: number }[]): Figure {
  const series = [
    { name: "L(K)", x: lengths.map(({ clusters }) => clusters), y: lengths.map(({ length }) => length) },
  ];
  const title = "Coding length by number of clusters: the least is the choice";
  return figure({ title }, lineChart({ series, x: { label: "clusters K" }, y: { label: "nats" } }));
}
