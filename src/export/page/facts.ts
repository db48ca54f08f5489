/** @file What the page has to know of a network: sizes, preprocessing, classes, bands of the report. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Size, sides } from "../../base/size.ts";
import { type Graph, layersOf, type PageFacts } from "../../graph/index.ts";
import { type Report, readReport } from "../../measure/index.ts";
import { UsageError } from "../../tensor/index.ts";
import type { Source } from "../open.ts";
import { published } from "../published.ts";

/** ε of the authors' code; a report says which one it was made with. */
const AUTHORS_EPSILON = 0.01;

/** Sets whose digits were centred as MNIST's are. */
const CENTRED = new Set(["digits", "mnist"]);

interface Sizes {
  imageSize?: Size;
  patch?: Size;
  dim?: number;
  depth?: number;
  heads?: number;
  eta?: number;
  lambda?: number;
}

/** @throws {UsageError} no classifier of images whose layers have tokens */
export function factsOf(source: Source, graph: Graph, samples: PageFacts["samples"]): PageFacts {
  const { name, network, options, run, sha256 } = source;
  const { patch, dim, depth, heads, eta = 0.1, lambda = 0.1 } = options as Sizes;
  const [image] = network.inputs;
  const hasLogits = graph.outputs[0]?.name === "logits";
  if (image?.kind !== "image" || network.inputs.length > 1 || !hasLogits || patch === undefined)
    throw new UsageError(
      `${name}: a page shows classifiers of images by patches; ${network.name} is none: export it as onnx`,
    );
  const layers = layersOf(graph);
  if (layers.length === 0)
    throw new UsageError(`${name}: a page shows layers of tokens and attention; ${network.name} has none`);
  if (image.channels !== 1 && image.channels !== 3)
    throw new UsageError(
      `${name}: a page takes grey or colour pictures; this network has ${image.channels} channels`,
    );
  const { channels, height, width, normalise } = image;
  const [high, wide] = sides(patch);
  const data = run && dataName(published(run.recipe));
  const isCentred = data !== undefined && CENTRED.has(data) && height === 28 && width === 28;
  return {
    ...{ kind: "page", version: 1, name },
    model: `${network.name.toUpperCase()}, d = ${dim}, ${depth} layers, ${heads} heads`,
    ...(data !== undefined && { data }),
    ...(run && { checkpoint: run.checkpoint }),
    sha256,
    classes: network.classes ?? namesOf(graph),
    input: {
      ...{ channels, height, width, mean: normalise.mean, std: normalise.std },
      centring: isCentred ? "mnist" : "none",
    },
    grid: [height / high, width / wide],
    ...(source.family === "crate" && { ista: { eta, lambda } }),
    ...measured(source),
    shown: { input: image.name, layers, heads: headsOf(graph, layers[0]!.attention) },
    samples,
  };
}

/** K of attention [b, K, n, n]. */
const headsOf = ({ outputs }: Graph, attention: string): number =>
  Number(outputs.find(({ name }) => name === attention)?.dims[1] ?? 0);

/** Numbers, where a file of weights names no classes. */
function namesOf({ outputs }: Graph): string[] {
  return Array.from({ length: Number(outputs[0]?.dims[1] ?? 0) }, (_, i) => `${i}`);
}

/** The data set of a recipe. */
export const dataName = (recipe: object): string | undefined =>
  (recipe as { data?: { name?: string } }).data?.name;

/** The report of a run, where it has one. */
export function reportOf({ run }: Source): Report | undefined {
  const path = run && join(run.folder, "report.json");
  return path !== undefined && existsSync(path) ? readReport(path) : undefined;
}

/** Bands of the report, if it measured these weights. */
function measured(source: Source): Pick<PageFacts, "epsilon" | "bands" | "noBands"> {
  const report = reportOf(source);
  const epsilon = report?.settings?.authorsEpsilon ?? AUTHORS_EPSILON;
  const without = (noBands: string) => ({ epsilon, noBands });
  if (report === undefined)
    return without('"vitrine inspect RUN" before the export adds bands of test images.');
  const measuredOf = report.checkpoint?.name;
  if (measuredOf !== source.run?.checkpoint)
    return without(`No bands: report.json measured ${measuredOf ?? "other weights"}.`);
  const layers = (report.layers?.[0]?.after ?? []).map(({ authorsRate, nonZero }) => ({
    ...bandOf("authorsRate", authorsRate),
    ...bandOf("nonZero", nonZero),
  }));
  return { epsilon, bands: { samples: report.samples, layers } };
}

const bandOf = (name: string, spread: { mean: number | null; std: number | null } | undefined) =>
  spread?.mean == null || spread.std == null ? {} : { [name]: { mean: spread.mean, std: spread.std } };
