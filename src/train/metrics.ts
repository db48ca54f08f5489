/** @file The numbers of a run: `metrics.jsonl`, one record a line, and `summary.csv`, one row an epoch or an evaluation. */

import { closeSync, existsSync, fsyncSync, openSync, readFileSync } from "node:fs";
import { csv } from "../base/csv.ts";
import { DataError } from "../base/errors.ts";
import { fromJsonLine, type JsonValue, toJsonLine } from "../base/json-line.ts";
import { appendWhole, requireOwn, writeFileAtomic, writing } from "../base/write-file.ts";
import { failpoint } from "./failpoint.ts";

/** One record. `step` counts optimiser steps from the start of the run; names are grouped by slashes (`train/loss`). */
export interface MetricsRecord {
  readonly step: number;
  readonly [name: string]: JsonValue;
}

/**
 * Appends records to `metrics.jsonl`. Numbers that are not finite are written as the strings "NaN", "Infinity" and
 * "-Infinity", which `readMetrics` turns back.
 */
export class MetricsWriter {
  readonly path: string;
  /** The records that the file holds when it is opened, and whether others of the resumed step were dropped. */
  readonly kept: readonly MetricsRecord[];
  readonly cut: boolean;
  readonly #fd: number;

  /**
   * Opens the file for appending, or makes it. A half line that a crash left is cut off; with `resumeStep`, records of
   * later steps are dropped, and all but the first `records` of this one, since the resumed run will write them again.
   * Throws `DiskError` when it cannot be written, `DataError` when a line that is complete is not a record.
   */
  constructor(path: string, options: { resumeStep?: number; records?: number } = {}) {
    this.path = path;
    requireOwn(path, "a file");
    const { resumeStep = Number.POSITIVE_INFINITY, records = Number.POSITIVE_INFINITY } = options;
    const found = repair(path, resumeStep, records);
    this.kept = found.kept;
    this.cut = found.cut;
    this.#fd = writing(path, () => openSync(path, "a"));
  }

  /** Appends one record. When that fails, with `DiskError`, nothing of it stays: later records can follow. */
  write(record: MetricsRecord): void {
    const bytes = new TextEncoder().encode(`${toJsonLine(record)}\n`);
    failpoint("journal.write");
    writing(this.path, () => appendWhole(this.#fd, bytes));
  }

  /** Puts what was written onto the disk; to be called before a checkpoint that counts on it. */
  sync(): void {
    writing(this.path, () => fsyncSync(this.#fd));
  }

  close(): void {
    writing(this.path, () => closeSync(this.#fd));
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** The records of a file in order. A half line at the end is skipped: a run may be writing it. Throws `DataError`. */
export function readMetrics(path: string): MetricsRecord[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw new DataError(`cannot read ${path}: ${(cause as Error).message}`, { path, cause });
  }
  return parse(text, path).map(({ record }) => record);
}

function parse(text: string, path: string): { record: MetricsRecord; line: string }[] {
  const lines = text.split("\n");
  lines.pop(); // empty, or half a line
  return lines.map((line, i) => {
    try {
      const record = fromJsonLine(line);
      if (typeof record.step !== "number") throw new SyntaxError("no step");
      return { record: record as MetricsRecord, line };
    } catch (cause) {
      const facts = { path, cause, expected: "an object with a step" };
      throw new DataError(`${path}:${i + 1}: not a metrics record; remove the line or the file`, facts);
    }
  });
}

function repair(path: string, resumeStep: number, records: number): { kept: MetricsRecord[]; cut: boolean } {
  if (!existsSync(path)) return { kept: [], cut: false };
  return writing(path, () => {
    const text = readFileSync(path, "utf8");
    let here = 0;
    const kept = parse(text, path).filter(
      ({ record: { step } }) => step < resumeStep || (step === resumeStep && here++ < records),
    );
    const repaired = kept.map(({ line }) => `${line}\n`).join("");
    if (repaired !== text) writeFileAtomic(path, repaired);
    return { kept: kept.map(({ record }) => record), cut: here > records };
  });
}

/**
 * One row of `summary.csv`: means over an epoch, or without epochs over the steps between two evaluations. Top-1 and
 * top-5 are in percent, as timm has them.
 */
export interface SummaryRow {
  /** From 0. */
  epoch?: number | undefined;
  /** The last step of the row, where there are no epochs. */
  step?: number | undefined;
  train: Readonly<Record<string, number>>;
  eval?: Readonly<Record<string, number>> | undefined;
  lr?: number | undefined;
}

/**
 * Writes `summary.csv` as timm does: epoch (or step), train_loss, …, eval_loss, eval_top1, …, lr. Rows that lack a number, such
 * as epochs without an evaluation, have an empty cell. The file is replaced as a whole; throws `DiskError`.
 */
export function writeSummary(path: string, rows: readonly SummaryRow[]): void {
  const flat = rows.map(({ epoch, step, train, eval: evaluation = {}, lr }) => {
    const cells = new Map<string, number>();
    if (epoch !== undefined) cells.set("epoch", epoch);
    if (step !== undefined) cells.set("step", step);
    for (const [name, value] of Object.entries(train)) cells.set(`train_${name}`, value);
    for (const [name, value] of Object.entries(evaluation)) cells.set(`eval_${name}`, value);
    if (lr !== undefined) cells.set("lr", lr);
    return cells;
  });
  const names = new Set(flat.flatMap((row) => [...row.keys()]));
  const group = (name: string) => ["epoch", "step", "train", "eval", "lr"].indexOf(name.split("_")[0]!);
  const columns = [...names].sort((a, b) => group(a) - group(b));
  failpoint("journal.summary");
  writeFileAtomic(path, csv({ columns, rows: flat.map((row) => columns.map((name) => row.get(name))) }));
}
