/** @file `vitrine inspect FILE`: the tensors of a file, and what the weights of its layers say without any data. */

import { basename } from "node:path";
import { UsageError } from "../base/errors.ts";
import type { Report } from "../measure/index.ts";
import { stacksOf } from "../measure/layered.ts";
import type { ReportParts } from "../measure/make-report.ts";
import { describeModel, makeReport } from "../measure/make-report.ts";
import { measureSettings } from "../measure/meter.ts";
import { listTensors } from "../measure/tensor-list.ts";
import { measureWeights } from "../measure/weights.ts";
import { writeInspection } from "../method/findings.ts";
import { type OpenModelOptions, openModel } from "../method/open-model.ts";
import { describeTensors } from "../train/weights/describe.ts";
import { configBeside } from "../train/weights/elsewhere.ts";
import { recognise } from "../train/weights/recognise.ts";

/**
 * The report of a file of weights: its tensors as rows and, of a CRATE, how orthogonal subspaces and dictionaries are.
 * @param output folder for report.json and figures/; nothing is written without it
 * @throws {UsageError} it cannot be read; {CheckpointError} damaged, or no such key; {DiskError} cannot be written
 */
export function inspectWeights(
  file: string,
  { key, heads, output }: { key?: string; heads?: number; output?: string } = {},
): Report {
  const { tensors } = listTensors(file, key);
  const count = (shape: readonly number[]) => shape.reduce((product, side) => product * side, 1);
  const parameters = tensors.reduce((sum, { shape }) => sum + count(shape), 0);
  const shapes = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const found = recognise(shapes);
  const parts: ReportParts = {
    name: basename(file),
    model: { name: describeTensors(shapes, configBeside(file)), parameters },
    samples: 0,
    numbers: { tensors: tensors.length, bytes: tensors.reduce((sum, { bytes }) => sum + bytes, 0) },
    rows: tensors.map(({ shape, ...tensor }) => ({ ...tensor, shape: shape.join(" × ") })),
    notes: ["rates, sparsity and attention are left out: they need data; inspect the run"],
    ...(found?.family.startsWith("crate") &&
      layersOf(file, found.name, { ...(key && { key }), ...(heads && { heads }) })),
  };
  return output === undefined ? makeReport(parts) : writeInspection(parts, output).report;
}

/** What the weights of each layer say; a line in its place where the model cannot be built from the file alone. */
function layersOf(file: string, name: string, options: OpenModelOptions): Partial<ReportParts> {
  try {
    using model = openModel(file, options).model;
    const after = stacksOf(model).map((stack) => ({
      name: stack.name,
      layers: stack.layers.map(({ block }) => {
        const weights = measureWeights(block);
        return weights === undefined ? { spectrum: [] } : { spectrum: [], weights };
      }),
    }));
    const layers = { before: null, after, settings: measureSettings() };
    return { model: describeModel(name, model), layers };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return { notes: [`layers are left out: ${error.message}`] };
  }
}
