/** @file Figures of the weights: how orthogonal subspaces and dictionaries are, and how far heads overlap. */

import { largestOf, leastOf } from "../base/extremes.ts";
import { type Figure, figure, heatMap } from "../chart/index.ts";
import { type Drawn, has, layerChart, someLayers, stacksIn } from "./layer-figures.ts";
import type { Report, ReportLayer } from "./report-schema.ts";

type Weights = NonNullable<ReportLayer["weights"]>;

const known = (values: readonly (number | null)[]) => values.filter((value) => value !== null);

/** Mean over heads or pairs, with the least and the greatest as the band. */
function range(values: readonly (number | null)[]): Drawn {
  const given = known(values);
  if (given.length === 0) return { y: null, low: null, high: null };
  const mean = given.reduce((sum, value) => sum + value, 0) / given.length;
  return { y: mean, low: leastOf(given), high: largestOf(given) };
}

const ofWeights = (of: (weights: Weights) => Drawn | undefined) => (layer: ReportLayer) =>
  layer.weights && of(layer.weights);

const ofDictionary = (of: "raw" | "columns") =>
  ofWeights(({ dictionary }) => dictionary && { y: dictionary[of] });

/** Whose weights, in one line under a title. */
const weightsOf = ({ model, checkpoint }: Report) =>
  `${model.name} (d = ${model.dim ?? "?"}, ${model.heads ?? "?"} heads of ${model.headDim ?? "?"})${checkpoint === undefined ? "" : `, ${checkpoint.name}`}`;

/** Whether the layers have subspaces. */
export const hasSubspaces = has("weights");
/** Whether some layer learns what its heads write. */
export const learnsOutput = (report: Report): boolean =>
  stacksIn(report).some(({ after }) => after.some(({ weights }) => weights?.output !== undefined));
/** Whether there are heads to compare. */
export const severalHeads = (report: Report): boolean =>
  stacksIn(report).some(({ after }) => after.some(({ weights }) => (weights?.subspaces.raw.length ?? 0) > 1));

/** Cosines of different heads, each pair once. */
const pairs = (matrix: readonly (readonly (number | null)[])[]) =>
  matrix.flatMap((row, j) => row.slice(j + 1));

/** What random weights would have: p columns in d dimensions; nothing where the sizes are not known. */
function random(
  { model: { dim: d, headDim: p } }: Report,
  name: string,
  of: (p: number, d: number) => number,
) {
  return d === undefined || p === undefined ? {} : { level: { name: `random: ${name}`, value: of(p, d) } };
}

/** ‖UₖᵀUₖ − I‖_F and ‖DᵀD − I‖_F per layer, of the weights as they are and with columns at unit length. */
export function orthogonalityFigure(report: Report): Figure {
  const U = "‖U^TU − I‖, Frobenius";
  const D = "‖D^TD − I‖, Frobenius";
  const charts = [
    layerChart(
      report,
      "Subspaces, as they are",
      U,
      ofWeights(({ subspaces }) => range(subspaces.raw)),
      { min: 0 },
    ),
    layerChart(
      report,
      "Subspaces, columns at unit length",
      U,
      ofWeights(({ subspaces }) => range(subspaces.columns)),
      { min: 0, ...random(report, "√(p(p − 1)/d)", (p, d) => Math.sqrt((p * (p - 1)) / d)) },
    ),
  ];
  const dictionaries = stacksIn(report).some(({ after }) => after.some(({ weights }) => weights?.dictionary));
  if (dictionaries)
    charts.push(
      layerChart(report, "Dictionary, as it is", D, ofDictionary("raw"), { min: 0 }),
      layerChart(report, "Dictionary, columns at unit length", D, ofDictionary("columns"), { min: 0 }),
    );
  return figure(
    {
      title: "Distance from orthonormality, per layer (0: orthonormal)",
      subtitle: `${weightsOf(report)}; lines: mean over heads, bands: least to greatest`,
      width: 760,
    },
    charts,
  );
}

/** Cosines between heads per layer: mean over the pairs, bands from the least to the greatest. */
export function coherenceFigure(report: Report): Figure {
  const axis = { min: 0 };
  const spans = random(report, "√(p/d), root mean square", (p, d) => Math.sqrt(p / d));
  const vectors = random(report, "√(2/πd)", (_, d) => Math.sqrt(2 / (Math.PI * d)));
  const charts = [
    layerChart(
      report,
      "Subspaces: mean cosine of principal angles",
      "cosine, 0 to 1",
      ofWeights(({ coherence }) => range(pairs(coherence.spans.mean))),
      { ...axis, ...spans },
    ),
    layerChart(
      report,
      "Subspaces: cosine of the smallest angle",
      "cosine, 0 to 1",
      ofWeights(({ coherence }) => range(pairs(coherence.spans.largest))),
      axis,
    ),
    layerChart(
      report,
      "Basis vectors: mean |cosine|",
      "|cosine|, 0 to 1",
      ofWeights(({ coherence }) => range(pairs(coherence.vectors.mean))),
      { ...axis, ...vectors },
    ),
    layerChart(
      report,
      "Basis vectors: largest |cosine|",
      "|cosine|, 0 to 1",
      ofWeights(({ coherence }) => range(pairs(coherence.vectors.largest))),
      axis,
    ),
  ];
  return figure(
    {
      title: "Coherence between the subspaces of different heads, per layer (0: orthogonal)",
      subtitle: `${weightsOf(report)}; lines: mean over pairs of heads, bands: least to greatest`,
      width: 760,
    },
    charts,
  );
}

/** Cosines between what heads write and their subspaces, per layer: mean over the heads, bands from the least to the greatest. */
export function outputFigure(report: Report): Figure {
  const chart = layerChart(
    report,
    undefined,
    "cosine of W_k and U_k, −1 to 1",
    ofWeights(({ output }) => output && range(output)),
  );
  return figure(
    {
      title: "What a head writes, beside what is derived (1: U_k, −1: its opposite)",
      subtitle: `${weightsOf(report)}; lines: mean over heads, bands: least to greatest`,
    },
    [chart],
  );
}

/** Mean cosine between each two heads, one heat map for each of some layers. */
export function headCoherenceFigure(report: Report): Figure {
  const stacks = stacksIn(report).filter(({ after }) => after.some(({ weights }) => weights !== undefined));
  const shown = stacks.flatMap(({ name, after }) =>
    someLayers(after.length, 6).map((l) => ({
      title: stacks.length > 1 ? `${name}, layer ${l + 1}` : `Layer ${l + 1}`,
      matrix: after[l]!.weights?.coherence.spans.mean ?? [],
    })),
  );
  const { dim: d, headDim: p } = report.model;
  const marks = d === undefined || p === undefined ? [] : [{ value: Math.sqrt(p / d), name: "√(p/d)" }];
  const columns = Math.min(3, shown.length === 4 ? 2 : 3);
  const charts = shown.map(({ title, matrix }, i) => {
    const heads = matrix.length;
    return heatMap({
      ...{ title, rows: heads, columns: heads, square: true, marks, min: 0, max: 1 },
      // a head with itself has cosine 1: grey
      values: Array.from({ length: heads * heads }, (_, cell) => {
        const [j, k] = [Math.floor(cell / heads), cell % heads];
        return j === k ? Number.NaN : (matrix[j]![k] ?? Number.NaN);
      }),
      x: { label: "head" },
      y: { label: "head" },
      label: "mean cosine",
      annotate: heads <= 6,
      bar: (i + 1) % columns === 0 || i === shown.length - 1 ? "drawn" : "room",
    });
  });
  return figure(
    {
      title: "How far the subspaces of two heads overlap: mean cosine of their principal angles",
      subtitle: `${weightsOf(report)}; 0: orthogonal, √(p/d): as random subspaces, 1: the same subspace`,
      width: 760,
      columns,
    },
    charts,
  );
}
