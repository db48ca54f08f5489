/** @file The report of a network that was measured on data that people gave. */

import { basename } from "node:path";
import { makeReport, type ReportParts } from "../measure/make-report.ts";
import { reportTable } from "../measure/report-table.ts";
import { writeInspection } from "../method/findings.ts";
import type { Inspection } from "../method/run-types.ts";

export interface InspectDataOptions {
  /** Images or blocks of text that are measured, at most. */
  samples: number;
  /** Folder for report.json and figures/; nothing is written without it. */
  output?: string;
  /** Heads of the network; those that its settings or its published size tell. */
  heads?: number;
  /** The part of the file. */
  key?: string;
  /** Told what was read and what was assumed. */
  say?: (line: string) => void;
}

/** Samples whose attention is measured, the first ones: it takes a second pass. */
export const MOST_MAPS = 32;
type Measured = Pick<
  ReportParts,
  "model" | "samples" | "numbers" | "rows" | "layers" | "attention" | "notes"
>;

/** The report, written where there is a place for it. */
export function finished(
  path: string,
  { notes = [], rows = [], ...measured }: Measured,
  about: Omit<NonNullable<ReportParts["data"]>, "split">,
  { output }: InspectDataOptions,
): Inspection {
  const spread =
    rows.length > 0
      ? [`attention of the layers: of the first ${Math.min(measured.samples, MOST_MAPS)} samples`]
      : [];
  const parts: ReportParts = {
    ...{ name: basename(path), data: { split: "test", ...about } },
    ...{ ...measured, rows, notes: [...notes, ...spread] },
  };
  if (output !== undefined) return writeInspection(parts, output);
  const report = makeReport(parts);
  return { report, table: reportTable(report), figures: [] };
}
