/** @file Several runs as files for any web server: the studio's pages, and what the server would answer them. */

import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { requireEmpty, writeFolder } from "../export/export-model.ts";
import { type ExportedFile, jsonFile, textFile } from "../export/format.ts";
import { graphOf } from "../export/network.ts";
import { metadataOf, openSource, type Source } from "../export/open.ts";
import { assets, folderPage, studioScripts } from "../export/page/assets.ts";
import { factsOf } from "../export/page/facts.ts";
import { samplesOf } from "../export/page/samples.ts";
import { inPrecision, LARGEST_FP32, type Precision, weightBytes } from "../export/precision.ts";
import { published } from "../export/published.ts";
import { verify } from "../export/verify.ts";
import { writeOnnx } from "../graph/index.ts";
import { readReport } from "../measure/report.ts";
import { runEntry } from "../method/list-runs.ts";
import { SWEEP_FILE } from "../sweep/index.ts";
import { UsageError } from "../tensor/index.ts";
import { serialiseSafetensors } from "../tensor/safetensors.ts";
import { Catalogue, idOf } from "./catalogue.ts";
import { claimFigurePath, theoryRows } from "./claims.ts";
import { detailOf, yamlOf } from "./detail.ts";
import type { Columns } from "./metrics/columns.ts";
import { MetricsStore } from "./metrics/store.ts";
import { readProbes } from "./probes.ts";
import type { RunDetail, RunRow, SweepRow } from "./shapes.ts";
import { sweepRow } from "./sweeps.ts";

export interface ExportRunsOptions {
  /** Folder to write. */
  output: string;
  /** Of each run; the best unless given. */
  checkpoint?: string;
  precision?: Precision;
  /** Images of each data set; 24. */
  samples?: number;
  /** Told what a page cannot show, a line each. */
  say?: (line: string) => void;
}

export interface ExportedRuns {
  runs: RunRow[];
  /** By path, in bytes. */
  files: { path: string; bytes: number }[];
}

/**
 * Writes the pages of several runs. Their networks are run and compared with libtorch first, as in every export.
 *
 * @throws {UsageError} a path that is no run, two runs of one name, an output that is there already
 * @throws {DataError} a network that differs from libtorch; nothing is left then
 */
export async function exportRuns(
  paths: readonly string[],
  options: ExportRunsOptions,
): Promise<ExportedRuns> {
  const { output } = options;
  requireEmpty(output);
  const folders = paths.map((path) => resolve(path));
  for (const folder of folders)
    if (!existsSync(join(folder, "recipe.json")))
      throw new UsageError(`${folder}: expected a run folder; a page of several runs has no room for files of weights`, { path: folder }); // biome-ignore format: short
  const above = commonFolder(folders);
  const names = folders.map((folder) => relative(above, folder).split(sep).join("/") || basename(folder));
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new UsageError(`${twice}: given twice`, { path: twice });
  const written: { row: RunRow; files: ExportedFile[] }[] = [];
  for (const [i, folder] of folders.entries()) written.push(await exported(folder, names[i]!, options));
  const rows = written.map(({ row }) => row).sort((a, b) => (a.changed < b.changed ? 1 : -1));
  const sweeps = sweepsOf(above, folders);
  const files = [...pageFiles(), ...theoryFiles(above), jsonFile("data/runs.json", rows), jsonFile("data/sweeps.json", sweeps), ...written.flatMap(({ files }) => files)]; // biome-ignore format: short
  writeFolder(output, files);
  const bytes = ({ parts }: ExportedFile) => parts.reduce((sum, part) => sum + part.length, 0);
  return { runs: rows, files: files.map((file) => ({ path: join(output, file.path), bytes: bytes(file) })) };
}

/** The folder above all of them. */
/** The sweeps that any of the runs is of: whole tables, of which the runs that were given can be opened. */
function sweepsOf(above: string, runs: readonly string[]): SweepRow[] {
  const folders = [...new Set(runs.map((run) => dirname(run)))];
  return folders.filter((folder) => existsSync(join(folder, SWEEP_FILE))).map((folder) => sweepRow(above, folder)); // biome-ignore format: short
}

function commonFolder(folders: readonly string[]): string {
  let above = dirname(folders[0]!);
  while (!folders.every((folder) => folder.startsWith(above === sep ? sep : above + sep)))
    above = dirname(above);
  return above;
}

function pageFiles(): ExportedFile[] {
  const { worker, style } = assets();
  return [
    textFile("index.html", folderPage("vitrine: runs", "files")),
    ...[...studioScripts()].map(([name, text]) => textFile(name, text)),
    textFile("worker.js", worker),
    textFile("app.css", style),
    // else GitHub Pages runs the folder through Jekyll
    textFile(".nojekyll", ""),
  ];
}

function theoryFiles(above: string): ExportedFile[] {
  const catalogue = new Catalogue(above);
  const rows = theoryRows(catalogue, (name) => `data/theory/${name}.svg`);
  const figures = rows.flatMap(({ name }) => {
    const path = claimFigurePath(catalogue, name);
    return path === undefined ? [] : [{ path: `data/theory/${name}.svg`, parts: [readFileSync(path)] }];
  });
  return [jsonFile("data/theory.json", rows), ...figures];
}

/** One run's answers. */
async function exported(folder: string, name: string, options: ExportRunsOptions) {
  const { run, ...entry } = runEntry(folder, name);
  const row: RunRow = { id: idOf(name), name: run, ...entry, running: false };
  const columns = await new MetricsStore().columns(join(folder, "metrics.jsonl"));
  const network = await networkFiles(folder, name, options);
  const { noModel: _, isLarge: __, ...detail } = detailOf({ row, path: folder }, columns, true);
  // what libtorch answers is not in files
  const recipe = published(detail.recipe as object);
  const told: RunDetail = {
    ...{ ...detail, recipe, yaml: yamlOf(recipe) },
    pages: [],
    ...(network.why !== undefined && { noModel: network.why }),
  };
  const report = join(folder, "report.json");
  const files = [
    jsonFile("run.json", told),
    { path: "metrics.safetensors", parts: pointsOf(columns) },
    jsonFile("probes.json", { rows: await readProbes(join(folder, "probes.jsonl")) }),
    ...(existsSync(report) ? [jsonFile("report.json", readReport(report))] : []),
    ...network.files,
  ];
  return { row, files: files.map((file) => ({ ...file, path: `data/runs/${row.id}/${file.path}` })) };
}

/** Each name with its steps: `train/loss`, float32, and `train/loss.step`, float64. */
function pointsOf({ byName }: Columns): Uint8Array[] {
  const stored = (dtype: "float32" | "float64", { buffer }: Float32Array | Float64Array, length: number) => {
    const bytes = new Uint8Array(buffer, 0, length * (dtype === "float32" ? 4 : 8));
    return { dtype, shape: [length], bytes };
  };
  const entries = [...byName].flatMap(([name, { steps, values, length }]) => [
    [name, stored("float32", values, length)] as const,
    [`${name}.step`, stored("float64", steps, length)] as const,
  ]);
  return serialiseSafetensors(new Map(entries));
}

/** The network, where a page can show it; else why not. */
async function networkFiles(folder: string, name: string, options: ExportRunsOptions) {
  const { checkpoint = "best", samples: most = 24, say = () => {} } = options;
  let source: Source;
  try {
    source = await openSource(folder, { checkpoint });
  } catch (error) {
    return refused(error, name, say);
  }
  try {
    const { graph, references } = graphOf(source.network, metadataOf(source));
    const precision = options.precision ?? (weightBytes(graph) > LARGEST_FP32 ? "fp16" : "fp32");
    const small = inPrecision(graph, precision);
    const samples = await samplesOf(source, most);
    const facts = factsOf(source, small, samples.about);
    const onnx = writeOnnx(small);
    await verify(onnx, references, precision);
    const files: ExportedFile[] = [{ path: "model.onnx", parts: [onnx] }, jsonFile("facts.json", facts)];
    if (samples.about.length > 0) files.push({ path: "samples.png", parts: [samples.png] });
    return { files, why: undefined };
  } catch (error) {
    return refused(error, name, say);
  } finally {
    source[Symbol.dispose]();
  }
}

function refused(error: unknown, name: string, say: (line: string) => void) {
  if (!(error instanceof UsageError)) throw error;
  say(`${name}: its curves and layers are shown, not its network: ${error.message}`);
  return { files: [], why: error.message };
}
