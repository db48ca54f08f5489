/** @file What was found inside a run, written as report.json with figures, and as tables for the terminal. */

import { basename, join, resolve } from "node:path";
import type { Figure } from "../chart/index.ts";
import { writeFigures } from "../measure/figures.ts";
import { makeReport, type ReportParts } from "../measure/make-report.ts";
import { writeReport } from "../measure/report.ts";
import { reportTable } from "../measure/report-table.ts";
import type { AnyRecipe } from "./entry.ts";
import type { Inspection, InspectOptions } from "./run-types.ts";

/** What a method's inspection found; the run and its checkpoint are added. */
export interface Findings
  extends Pick<ReportParts, "model" | "samples" | "numbers" | "rows" | "layers" | "attention" | "notes"> {
  /** What a sample is, "images" unless given; how many the split has, and how they are normalised. */
  data?: Partial<NonNullable<ReportParts["data"]>>;
  /** The method's own, by name; those of layers and attention are made from the report. */
  figures?: ReadonlyMap<string, Figure>;
}

/** Writes report.json and figures/ into a folder. @throws {DiskError} it cannot be written */
export function writeFindings(
  folder: string,
  { recipe, checkpoint }: { recipe: AnyRecipe; checkpoint: { name: string } },
  { data, figures, ...found }: Findings,
  options: InspectOptions,
): Inspection {
  const { name } = recipe.data;
  return writeInspection(
    {
      ...{ name: basename(resolve(folder)), recipe: recipe.name, method: recipe.method.name },
      data: { name, split: options.split, unit: "images", classes: [], ...data },
      checkpoint: { name: checkpoint.name, step: stepOf(checkpoint.name) },
      seed: recipe.seed,
      ...found,
    },
    options.output ?? folder,
    figures,
  );
}

/** Makes a report and writes it with its figures. @throws {DiskError} it cannot be written */
export function writeInspection(
  parts: ReportParts,
  output: string,
  figures?: ReadonlyMap<string, Figure>,
): Inspection {
  const report = makeReport(parts);
  writeReport(join(output, "report.json"), report);
  return {
    report,
    table: reportTable(report),
    figures: writeFigures(report, join(output, "figures"), figures),
  };
}

/** 1000 of `step-00001000`. */
function stepOf(checkpoint: string): number | null {
  const digits = /^step-(\d+)$/.exec(checkpoint)?.[1];
  return digits === undefined ? null : Number(digits);
}
