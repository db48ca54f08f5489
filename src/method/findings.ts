/** @file What is found inside a run whose method is not a stack of layers to be probed: numbers, tables, figures. */

import { basename, join, resolve } from "node:path";
import { type Column, table } from "../base/terminal-table.ts";
import { makeFolder, writeFileAtomic } from "../base/write-file.ts";
import { writeFigureFiles } from "../chart/figure-files.ts";
import type { Figure } from "../chart/index.ts";
import { environment } from "../measure/environment.ts";
import type { OpenedRun } from "./load-run.ts";
import type { Inspection, InspectOptions } from "./run-types.ts";

/** What a method's inspection found. */
export interface Findings {
  /** Single numbers by name, with units in the name where they are not nats or shares. */
  numbers: Readonly<Record<string, number>>;
  /** Rows of numbers: per class, per layer, per group. */
  rows?: readonly Readonly<Record<string, number | string | null>>[];
  figures: ReadonlyMap<string, Figure>;
}

/** A run's findings as JSON. */
export interface MethodReport {
  version: 1;
  created: string;
  run: string;
  recipe: string;
  method: string;
  data: { name: string; split: string; samples: number };
  checkpoint: { name: string; step: number | null };
  numbers: Findings["numbers"];
  rows: NonNullable<Findings["rows"]>;
  environment: ReturnType<typeof environment>;
}

/** Writes report.json and figures/ into a folder. @throws {DiskError} it cannot be written */
export function writeFindings(
  folder: string,
  { recipe, checkpoint }: OpenedRun,
  { numbers, rows = [], figures }: Findings,
  options: InspectOptions,
): Inspection {
  const output = options.output ?? folder;
  const step = /^step-(\d+)$/.exec(checkpoint.name)?.[1];
  const report: MethodReport = {
    version: 1,
    created: new Date().toISOString(),
    run: basename(resolve(folder)),
    recipe: recipe.name,
    method: recipe.method.name,
    data: { name: recipe.data.name, split: options.split, samples: options.samples },
    checkpoint: { name: checkpoint.name, step: step === undefined ? null : Number(step) },
    numbers,
    rows,
    environment: environment(),
  };
  makeFolder(output);
  writeFileAtomic(join(output, "report.json"), `${JSON.stringify(report, null, 2)}\n`);
  return {
    report,
    table: [numberTable(numbers), rowTable(rows)].filter((text) => text !== "").join("\n"),
    figures: writeFigureFiles(figures, join(output, "figures")),
  };
}

const DECIMALS = 4;

function numberTable(numbers: Findings["numbers"]): string {
  const rows = Object.entries(numbers);
  if (rows.length === 0) return "";
  return table(rows, [
    { kind: "text", title: "", value: ([name]) => name },
    { kind: "number", title: "value", decimals: DECIMALS, value: ([, value]) => value },
  ]);
}

type Row = NonNullable<Findings["rows"]>[number];

function rowTable(rows: readonly Row[]): string {
  const names = Object.keys(rows[0] ?? {});
  if (names.length === 0) return "";
  const columns = names.map((name): Column<Row> => {
    const whole = rows.every((row) => row[name] === null || Number.isInteger(row[name]));
    const text = rows.some((row) => typeof row[name] === "string");
    const value = (row: Row) => row[name];
    return text
      ? { kind: "text", title: name, value }
      : { kind: "number", title: name, decimals: whole ? 0 : DECIMALS, value };
  });
  return table(rows, columns);
}
