/** @file `vitrine export`: a network traced, written, run, and only then put in its place. */

import { existsSync, readdirSync, renameSync, rmdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { makeFolder, syncFolder, writeFileAtomic, writing } from "../base/write-file.ts";
import { writeOutput } from "../base/write-output.ts";
import { UsageError } from "../tensor/index.ts";
import type { Exported, ExportedFile, Format } from "./format.ts";
import { type FormatName, formats } from "./formats/index.ts";
import { graphOf } from "./network.ts";
import { metadataOf, type OpenOptions, openSource } from "./open.ts";
import { inPrecision, LARGEST_FP32, PRECISIONS, type Precision, weightBytes } from "./precision.ts";
import { type Verified, verify } from "./verify.ts";

export interface ExportOptions extends OpenOptions {
  format: FormatName;
  /** fp32 unless given, from 8 MiB of weights on fp16. */
  precision?: Precision;
  /** Images that a page shows; 24. */
  samples?: number;
  /** File or folder to write. */
  output: string;
  /** Told what was assumed, a line each. */
  say?: (line: string) => void;
}

/**
 * Writes a run or a file of weights in a format that others read. What is written was run, and compared with libtorch.
 *
 * @throws {UsageError} no network there, one that the format or a graph cannot hold, an output that is there already
 * @throws {DataError} what would be written differs from libtorch; nothing is left then
 * @throws {DiskError} it cannot be written; nothing is left then
 */
export async function exportModel(path: string, options: ExportOptions): Promise<Exported> {
  const { output, samples = 24, say = () => {} } = options;
  const format: Format = formats[options.format];
  const { largestFp32 = LARGEST_FP32, precisions = [...PRECISIONS] } = format;
  if (options.precision !== undefined && !precisions.includes(options.precision))
    throw new UsageError(
      `--precision: ${options.format} is written in ${precisions.join(" or ")}, got ${options.precision}`,
      { path: "--precision" },
    );
  if (!format.file) requireEmpty(output);
  using source = await openSource(path, options);
  for (const note of source.notes) say(note);
  const { graph, references } = graphOf(source.network, metadataOf(source));
  const precision =
    options.precision ?? format.precision ?? (weightBytes(graph) > largestFp32 ? "fp16" : "fp32");
  if (options.precision === undefined && precision === "fp16")
    say(
      `${source.name}: ${(weightBytes(graph) / 2 ** 20).toFixed(1)} MiB of weights are written as halves; --precision fp32 keeps them`,
    );
  const job = { source, graph, references, precision, output, samples, small: inPrecision(graph, precision) };
  const files = await format.write(job);
  const verified: Verified[] = [];
  for (const { parts, model, verified: known } of files) {
    if (known !== undefined) verified.push(known);
    if (model !== undefined) verified.push(await verify(joined(parts), references, precision, model));
  }
  if (format.file) writeOutput(output, files[0]!.parts);
  else writeFolder(output, files);
  return {
    ...{ output, precision, nodes: graph.nodes.length, outputs: graph.outputs.length },
    ...verified[0]!,
    files: files.map(({ path, parts }) => ({ path: join(output, path), bytes: joined(parts).length })),
  };
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [first] = parts;
  return parts.length === 1 && first !== undefined ? first : new Uint8Array(Buffer.concat(parts));
}

/** A folder is made whole or not at all, and nobody's files are replaced. */
export function requireEmpty(output: string): void {
  if (!existsSync(output)) return;
  const entries = writing(output, () => readdirSync(output, { withFileTypes: true }));
  if (entries.length > 0)
    throw new UsageError(
      `${output}: expected a new folder, but it has ${entries.length} entries; choose another --output`,
      {
        path: "--output",
      },
    );
}

/** All of a folder, or nothing of it. @throws {DiskError} */
export function writeFolder(output: string, files: readonly ExportedFile[]): void {
  const staged = `${output.replace(/\/+$/, "")}.tmp-${process.pid}`;
  try {
    for (const { path, parts } of files) {
      makeFolder(dirname(join(staged, path)));
      writeFileAtomic(join(staged, path), parts);
    }
    writing(output, () => {
      if (existsSync(output)) rmdirSync(output); // it is empty
      renameSync(staged, output);
      syncFolder(dirname(output));
    });
  } catch (error) {
    rmSync(staged, { recursive: true, force: true });
    throw error;
  }
}
